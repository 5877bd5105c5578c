import idr_sql
import pytest


@pytest.mark.parametrize("name", ["omero", "_x1", "a" * 63])
def test_identifier(name):
    assert idr_sql.identifier(name) == f'"{name}"'


@pytest.mark.parametrize("name", ["", None, "Omero", 'a"b', "a b", "1a", "a-b", "a" * 64, "a;b"])
def test_identifier_is_refused(name):
    with pytest.raises(ValueError, match="expected"):
        idr_sql.identifier(name)


def test_literal():
    assert idr_sql.literal("it's") == "'it''s'"
    assert idr_sql.literal(60) == "'60'"


def test_dollars():
    assert idr_sql.dollars("it's") == "$idr$it's$idr$"
    with pytest.raises(ValueError, match="idr"):
        idr_sql.dollars("$idr$; DROP")
