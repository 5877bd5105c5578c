"""The module omero: what it runs, and that no password is where others can read it."""

import importlib.util
import pathlib

import pytest
from salt.exceptions import CommandExecutionError

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
PILLAR = {
    "secrets:omero:root": "root-secret",
    "secrets:omero:public": "public-secret",
    "secrets:database:omeroreadonly": "database-secret",
    "omero:server:path_prepend": ["/first/bin"],
    "omero:db": {"user": "omeroreadonly"},
    "environment:name": "idr-test",
}
USERS = '[{"id": "3", "login": "public", "active": "Yes", "admin": "", "member of": "3", "owner of": ""}]'


class Run:
    """cmd.run_all: takes down each call with the files it is given, answers from a list."""

    def __init__(self):
        self.calls, self.files, self.answers = [], [], []

    def __call__(self, command, **options):
        self.calls.append((command, options))
        named = [*command, options["env"].get("PGPASSFILE", "")]
        paths = [pathlib.Path(word) for word in named if word.startswith("/") and pathlib.Path(word).is_file()]
        self.files.append({path.name: path.read_text() for path in paths})
        answer = self.answers.pop(0) if self.answers else {}
        return {"retcode": 0, "stdout": "", "stderr": "", **answer}

    def shown(self):
        """All that the host's other users, the log and the job cache could see of the calls."""
        visible = [
            (command, {k: v for k, v in options.items() if k not in ("stdin", "env")})
            for command, options in self.calls
        ]
        return repr(visible)


@pytest.fixture
def run():
    return Run()


@pytest.fixture
def omero(run, tmp_path):
    spec = importlib.util.spec_from_file_location("omero_module", CHECKOUT / "_modules/omero.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def get(key, default=None, unmask=False):
        assert unmask, "Salt answers asterisks without"
        return PILLAR.get(key, default)

    module.__salt__ = {"pillar.get": get, "cmd.run_all": run}
    return module


@pytest.fixture
def there():
    return {"omerodir": "/there/OMERO.server", "venv": "/there/venv", "user": None}


def test_commands_run_quietly_as_the_user_without_the_minions_environment(omero, run, monkeypatch):
    monkeypatch.setattr(omero.pwd, "getpwuid", lambda uid: type("Entry", (), {"pw_name": "root"}))
    assert omero.status() is True
    ((command, options),) = run.calls
    assert command == ["/opt/omero/server/venv3/bin/omero", "admin", "status"]
    assert options["runas"] == "omero-server"
    assert options["clean_env"] is True
    assert options["output_loglevel"] == "quiet"
    assert options["python_shell"] is False
    assert options["umask"] == "077"
    assert options["env"]["OMERODIR"] == "/opt/omero/server/OMERO.server"
    assert options["env"]["PATH"].startswith("/first/bin:/opt/omero/server/venv3/bin:/usr/local/sbin:")


def test_status_of_a_server_that_is_down(omero, run, there):
    run.answers = [{"retcode": 1}]
    assert omero.status(**there) is False


def test_user_info_logs_in_as_root_by_the_environment(omero, run, there):
    run.answers = [{"stdout": USERS}]
    assert omero.user_info("public", **there)["groups"] == [3]
    command, options = run.calls[0]
    assert command[:2] == ["setsid", "--wait"]
    assert run.files[0]["session.omero"].splitlines() == [
        "login -q -C -s 127.0.0.1 -p 4064 -u root",
        "user list --long --style json",
        "logout",
    ]
    assert options["env"]["OMERO_PASSWORD"] == "root-secret"
    assert not pathlib.Path(options["env"]["OMERO_SESSIONDIR"]).exists()
    assert "secret" not in run.shown()


def test_user_add_types_the_password_twice(omero, run, there):
    assert omero.user_add("public", "secrets:omero:public", "public", **there) is True
    assert run.calls[0][1]["stdin"] == "public-secret\npublic-secret\n"
    assert "user add --group-name public -- public public public" in run.files[0]["session.omero"]
    assert "secret" not in run.shown() + str(run.files)


def test_user_password_types_its_own_first(omero, run, there):
    omero.user_password("public", "secrets:omero:public", **there)
    assert run.calls[0][1]["stdin"] == "root-secret\npublic-secret\npublic-secret\n"
    assert "secret" not in run.shown() + str(run.files)


@pytest.mark.parametrize(
    ("answer", "works"),
    [
        ({}, True),
        ({"retcode": 564, "stderr": "Password check failed\nstdin is not a terminal"}, False),
        ({"retcode": 557, "stderr": "SecurityViolation: User 3 is not a member of group 5"}, False),
    ],
)
def test_login_works(omero, run, there, answer, works):
    run.answers = [answer]
    assert omero.login_works("public", "secrets:omero:public", group="public", **there) is works
    assert run.files[0]["session.omero"].splitlines()[0].endswith("-u public -g public")


def test_login_works_does_not_take_a_dead_server_for_a_wrong_password(omero, run, there):
    run.answers = [{"retcode": 42, "stderr": "connection refused"}]
    with pytest.raises(CommandExecutionError, match="connection refused"):
        omero.login_works("public", "secrets:omero:public", **there)


def test_runtime_gives_the_password_on_standard_input(omero, run, there):
    run.answers = [{"stdout": '{"db": "true", "repo": "false"}'}]
    assert omero.runtime(**there) == {"db": True, "repo": False}
    assert "public-secret" in run.calls[0][1]["stdin"]
    assert "public-secret" not in run.shown() + str(run.calls[0][1]["env"])


def test_db_version_asks_as_the_hosts_own_user(omero, run):
    run.answers = [{"stdout": "dbpatch\n"}, {"stdout": "0|OMERO5.4\n"}]
    assert omero.db_version(user=None) == {"version": "OMERO5.4", "patch": 0}
    assert "-U omeroreadonly -d omero" in " ".join(run.calls[0][0])
    assert run.files[0]["pgpass"] == "idr-test-database:5432:omero:omeroreadonly:database-secret\n"
    assert "secret" not in run.shown()


def test_db_version_without_a_schema(omero, run):
    run.answers = [{"stdout": "\n"}]
    assert omero.db_version(user=None) is None


def test_a_failure_tells_the_end_of_the_output(omero, run):
    run.answers = [{"retcode": 2, "stderr": "one\ntwo\n\nthree\nfour"}]
    with pytest.raises(CommandExecutionError, match=r"psql failed \(exit code 2\): two / three / four"):
        omero.db_version(user=None)


def test_a_missing_password_names_its_key(omero, run, there):
    with pytest.raises(CommandExecutionError, match="pillar secrets:not:there: a password was expected"):
        omero.user_add("x", "secrets:not:there", "x", **there)
    assert run.calls == []


def test_bad_database_settings_name_the_pillar(omero, monkeypatch):
    monkeypatch.setitem(PILLAR, "omero:db", {"port": "x"})
    with pytest.raises(CommandExecutionError, match="pillar omero:db:port"):
        omero.db_settings()


def test_group_add(omero, run, there):
    assert omero.group_add("public", "read-only", **there) is True
    assert "group add --perms rwr--- -- public" in run.files[0]["session.omero"]
    with pytest.raises(CommandExecutionError, match="private, read-only"):
        omero.group_add("public", "read-mostly", **there)


@pytest.mark.parametrize(
    ("stderr", "expected"),
    [
        ("OMERO.py version:\n", None),
        ("OMERO.py version:\nOMERO.server version:\n5.6.18\n", "5.6.18"),
    ],
)
def test_version(omero, run, there, stderr, expected):
    run.answers = [{"stdout": "5.23.0", "stderr": stderr}]
    assert omero.version(**there) == {"omero-py": "5.23.0", "omero-server": expected}
