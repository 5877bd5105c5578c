"""The lists of Python packages, and what the cache is keyed by."""

import re

from testbed import wheels


def test_pins_are_sorted_without_duplicates_comments_or_options(tmp_path):
    (tmp_path / "a.txt").write_text("# head\nzeroc-ice==3.6.5\nnumpy==2.0 # why\n--no-binary x\n\n")
    (tmp_path / "b.txt").write_text("numpy==2.0 \\\n    --hash=sha256:aa\nattrs==1\n")
    assert wheels.pins([tmp_path / "a.txt", tmp_path / "b.txt"]) == ["attrs==1", "numpy==2.0", "zeroc-ice==3.6.5"]


def test_fingerprint_changes_with_the_content(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("a==1\n")
    before = wheels.fingerprint(path)
    assert wheels.fingerprint(path) == before
    path.write_text("a==2\n")
    assert wheels.fingerprint(path) != before


def test_every_requirement_is_pinned_and_no_list_names_an_index():
    lists = [*wheels.HOST_LISTS, *wheels.REQUIREMENTS.glob("*.txt")]
    for path in lists:
        for line in path.read_text().splitlines():
            assert not line.startswith("-"), f"{path}: {line}"
            assert "://" not in line, f"{path}: {line}"
            pinned = re.match(r"[A-Za-z0-9._-]+==\S+|    --hash=sha256:[0-9a-f]{64}( \\)?$", line)
            assert not line.strip() or line.startswith("#") or pinned, f"{path}: {line}"


def test_what_hosts_of_omero_install_has_hashes_but_what_is_compiled():
    lists = sorted(wheels.CHECKOUT.glob("salt/omero/files/requirements-*.txt"))
    assert set(lists) < set(wheels.HOST_LISTS)
    for path in lists:
        text = path.read_text().replace("\\\n", " ")
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        assert lines
        assert all((" --hash=sha256:" in line) is (path.stem != "requirements-built") for line in lines), path
    assert wheels.pins([path for path in lists if path.stem == "requirements-built"]) == [wheels.ICE]


def test_one_salt_for_master_hosts_and_tests():
    versions = {
        pin
        for name in ("master", "minion", "test")
        for pin in wheels.pins([wheels.REQUIREMENTS / f"{name}.txt"])
        if pin.startswith("salt==")
    }
    assert versions == {"salt==3008.3"}
