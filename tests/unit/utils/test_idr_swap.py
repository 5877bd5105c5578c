import idr_swap
import pytest


def test_both_are_renamed_in_one_statement():
    sql = idr_swap.statement("omero", "omero_next", "omero_kept")
    assert sql.startswith("DO $idr$")
    assert sql.index('"omero" RENAME TO "omero_kept"') < sql.index('"omero_next" RENAME TO "omero"')
    assert "datname IN ('omero', 'omero_next')" in sql


@pytest.mark.parametrize(
    "names",
    [("omero", "omero", "kept"), ("omero", "next", "omero"), ("omero", 'x"; DROP', "kept"), ("omero", "next", "")],
)
def test_bad_names_are_refused(names):
    with pytest.raises(ValueError, match="expected"):
        idr_swap.statement(*names)
