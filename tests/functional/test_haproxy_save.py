"""What HAProxy's next process begins with: the script, its template rendered, on files of the test's own."""

import re
import subprocess

import jinja2
import pytest

ONE, TWO, THREE = (f"idr-x-omeroreadonly-{number}" for number in (1, 2, 3))
FIELDS = "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight"
SECTIONS = """\
global
    stats socket /run/haproxy/admin.sock
backend readonly
    mode http
{checked}
frontend omeroweb
    default_backend omeroweb
backend omeroweb
{tracked}
backend readwrite
    server idr-x-omeroreadwrite idr-x-omeroreadwrite:80 check
"""


def _line(server, running=2, admin=0, backend="readonly"):
    return f"3 {backend} 1 {server} 10.0.0.1 {running} {admin} 1 1 90 6 3 4 6 0 0 0 {server} 80 - 0 0 - - 0"


@pytest.fixture
def save(checkout, tmp_path):
    """Function that runs the script at a start with a configuration of these servers and what was kept."""
    folder = tmp_path / "site"
    folder.mkdir()
    text = jinja2.Template((checkout / "salt/proxy/files/haproxy-save.sh").read_text()).render(
        leader="readonly", port=80
    )
    assert text.count("/etc/haproxy/haproxy.cfg") == 1
    script = tmp_path / "haproxy-save"
    script.write_text(text.replace("/etc/haproxy/haproxy.cfg", str(tmp_path / "haproxy.cfg")))

    def save(servers, kept):
        checked = "\n".join(f"    server {one} {one}:80 check" for one in servers)
        tracked = "\n".join(f"    server {one}-x {one}:80 track readonly/{one}" for one in servers)
        (tmp_path / "haproxy.cfg").write_text(SECTIONS.format(checked=checked, tracked=tracked))
        if kept is not None:
            (folder / "servers").write_text(kept)
        subprocess.run(["sh", script, folder / "servers", "start"], check=True, timeout=30, capture_output=True)
        assert [path.name for path in folder.iterdir()] == ["servers"]
        return (folder / "servers").read_text()

    return save


def _states(text):
    """``{server: (operational, administrative state)}`` of the backend with the checks."""
    rows = [line.split() for line in text.splitlines()[1:] if not line.startswith("#")]
    return {row[3]: (row[5], row[6]) for row in rows if row[1] == "readonly"}


def test_who_was_drained_or_down_stays_so_and_who_is_new_begins_as_down(save):
    kept = "\n".join(["1", FIELDS, _line(ONE, 2, 8), _line(TWO, 0), "", ""])
    text = save([ONE, TWO, THREE], kept)
    assert _states(text) == {ONE: ("2", "8"), TWO: ("0", "0"), THREE: ("0", "0")}
    # Whatever was kept is there as it was.
    assert text.startswith(kept.strip() + "\n")


def test_nothing_new_changes_nothing(save):
    kept = "\n".join(["1", FIELDS, _line(ONE), _line(TWO, 2, 8), ""])
    assert save([ONE, TWO], kept) == kept
    assert save([ONE, TWO], None) == kept


def test_the_first_start_knows_nobody(save):
    text = save([ONE, TWO], None)
    assert text.splitlines()[0] == "1"
    assert _states(text) == {ONE: ("0", "0"), TWO: ("0", "0")}


def test_a_file_that_was_cut_short_is_none(save):
    text = save([ONE], "")
    assert text.splitlines()[0] == "1"
    assert _states(text) == {ONE: ("0", "0")}


def test_only_servers_of_the_backend_with_the_checks_are_added(save):
    kept = "\n".join(["1", FIELDS, _line(THREE, backend="omeroweb"), ""])
    text = save([ONE], kept)
    assert set(_states(text)) == {ONE}
    assert "readwrite" not in text
    assert f"{ONE}-x" not in text


def test_new_lines_have_as_many_fields_as_haproxys_own(save):
    text = save([ONE], None)
    (line,) = [line for line in text.splitlines() if ONE in line]
    assert len(line.split()) == len(_line(ONE).split())


def test_a_name_is_compared_whole(save):
    kept = "\n".join(["1", FIELDS, _line(f"{ONE}0"), ""])
    assert set(_states(save([ONE, f"{ONE}0"], kept))) == {ONE, f"{ONE}0"}


def test_without_haproxy_what_was_kept_stays(checkout, save, tmp_path):
    kept = "\n".join(["1", FIELDS, _line(ONE, 2, 8), ""])
    save([ONE], kept)
    script = tmp_path / "haproxy-save"
    script.write_text(re.sub("UNIX-CONNECT:[^ ]*sock", f"UNIX-CONNECT:{tmp_path}/none.sock", script.read_text()))
    assert "/run/haproxy" not in script.read_text()
    done = subprocess.run(["sh", script, tmp_path / "site/servers"], check=False, timeout=30, capture_output=True)
    assert done.returncode != 0
    assert (tmp_path / "site/servers").read_text() == kept
