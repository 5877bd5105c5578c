"""The HQL interpreter, over plain objects."""

import types

import pytest
from standin.hql import HqlError, run


class Model:
    """Objects of SimpleNamespace; an object's plain value is its id."""

    def __init__(self, **extents):
        self.extents = extents

    def extent(self, kind):
        if kind not in self.extents:
            raise HqlError(f"{kind} is not mapped")
        return self.extents[kind]

    def is_entity(self, name):
        return name in self.extents

    def plain(self, value):
        return value.id if isinstance(value, types.SimpleNamespace) else value

    def attribute(self, o, name):
        if o is None:
            return None
        if name not in vars(o):
            raise HqlError(f"could not resolve property: {name}")
        return vars(o)[name]


def thing(**fields):
    return types.SimpleNamespace(**fields)


def repository():
    images = [thing(id=i, name=name, size=size) for i, name, size in ((1, "b", 10), (2, "a_1", None), (3, "a", 30))]
    links = [thing(id=i, child=image) for i, image in enumerate(images[:2], 1)]
    datasets = [thing(id=1, name="first", imageLinks=links), thing(id=2, name="second", imageLinks=[])]
    return Model(Image=images, Dataset=datasets, Tag=[])


def rows(text, **parameters):
    model = repository()
    _, found = run(text, parameters, model)
    return [[model.plain(value) for value in row] for row in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from Image", [[1], [2], [3]]),
        ("select i from Image as i order by i.name desc", [[1], [2], [3]]),
        ("select i.name from Image i where i.size is null", [["a_1"]]),
        ("select id from Image where size > 5 and not name like 'a%' or id = 3", [[1], [3]]),
        ("select i.id from Image i where i.name like 'a__'", [[2]]),
        ("select i.id from Image i where i.name not like 'a%'", [[1]]),
        ("select i.id from Image i where i.id not in (1, 2)", [[3]]),
        ("select i.id from Image i where i.size <> 10", [[3]]),
        ("select count(*), sum(i.size), min(i.size), max(i.size) from Image i", [[3, 40, 10, 30]]),
        ("select count(t.id), sum(t.id) from Tag t", [[0, None]]),
        ("select d.id, c.id from Dataset d left outer join d.imageLinks l left join l.child c",
         [[1, 1], [1, 2], [2, None]]),
        ("select d.id from Dataset d join d.imageLinks l", [[1], [1]]),
        ("select distinct d.id from Dataset d join d.imageLinks l order by d.id", [[1]]),
        ("select d.name, count(l.id) from Dataset d left join d.imageLinks l group by d.name order by count(l.id)",
         [["second", 0], ["first", 2]]),
        ("select d.id from Dataset d join d.imageLinks l group by d.id having count(l.id) > 1", [[1]]),
        ("select i.id from Image i where exists (select l from Dataset d join d.imageLinks l where l.child = i)",
         [[1], [2]]),
        ("select i.id from Image i where i.id in (select l.child.id from Dataset d join d.imageLinks l)", [[1], [2]]),
        ("select (select count(l.id) from Dataset x join x.imageLinks l where x.id = d.id) from Dataset d", [[2], [0]]),
        ("select case when i.size > 20 then 'big' when i.size > 5 then 'small' else 'none' end from Image i",
         [["small"], ["none"], ["big"]]),
        ("select i.size * 2 + 1 from Image i where i.id = 1", [[21]]),
        ("select upper(i.name) || '!' from Image i where length(i.name) = 1 order by id", [["B!"], ["A!"]]),
        ("select coalesce(i.size, 0) from Image i", [[10], [0], [30]]),
        ("select size(d.imageLinks) from Dataset d", [[2], [0]]),
        ("select index(l) from Dataset d join d.imageLinks l", [[0], [1]]),
        ("select i.id from Image i where 'it''s' = 'it''s' and true = true and i.id = 1", [[1]]),
    ],
)  # fmt: skip
def test_queries(text, expected):
    assert rows(text) == expected


def test_nulls_come_last_and_distinct_keeps_the_order():
    assert rows("select i.size from Image i order by i.size") == [[10], [30], [None]]
    assert rows("select distinct i.id < 3 from Image i") == [[True], [False]]
    assert rows("select distinct i.size is null from Image i") == [[False], [True]]


def test_parameters_may_be_lists():
    assert rows("select id from Image where id in (:ids)", ids=[3, 1]) == [[1], [3]]
    assert rows("select id from Image where id = :id", id=2) == [[2]]


def test_a_map_keeps_its_names():
    query, found = run("select new map(i.id as id, i.name as name) from Image i where i.id = 1", {}, repository())
    assert query.map
    assert [alias for _, alias in query.items] == ["id", "name"]
    assert found == [[1, "b"]]


def test_fetch_joins_are_told():
    query, _ = run("select d from Dataset d left outer join fetch d.imageLinks l join fetch l.child", {}, repository())
    assert query.result == "d"
    assert query.fetched["d"] == {"imageLinks": {"child": {}}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("select x.nonsense from Image x", "could not resolve property: nonsense"),
        ("select x from Nothing x", "Nothing is not mapped"),
        ("select rank(x.id) from Image x", "unknown function rank"),
        ("select x from Image x where", "unexpected end"),
        ("select x from Image x limit 3", "unexpected"),
        ("select x from Image x where x.id = :gone", "gone"),
        ("select x from Image x where x.id = 1 ; drop", "unexpected character"),
        ("delete from Image", "expected 'from'"),
    ],
)
def test_what_it_cannot_do_raises(text, reason):
    with pytest.raises(HqlError, match=reason):
        rows(text)
