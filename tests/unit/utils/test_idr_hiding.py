import idr_hiding
import pytest


def test_names_of_users_are_quoted_and_sorted():
    script = idr_hiding.script("omero", "reader", ["public", "o'neil"])
    assert "ARRAY['o''neil', 'public']" in script
    assert "ARRAY[]::text[]" in idr_hiding.script("omero", "reader", [])


@pytest.mark.parametrize(("owner", "reader"), [('o"', "reader"), ("omero", "re ader")])
def test_bad_names_make_no_script(owner, reader):
    with pytest.raises(ValueError, match="expected"):
        idr_hiding.script(owner, reader, [])


def test_a_user_cannot_end_the_function():
    with pytest.raises(ValueError, match="idr"):
        idr_hiding.script("omero", "reader", ["$idr$"])


def test_nothing_is_hidden_in_a_database_that_nobody_knows():
    assert idr_hiding.is_hidden({}, "omero", "reader", []) is False
