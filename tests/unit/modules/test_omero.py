"""The module omero: what it runs, and that no password is where others can read it."""

import importlib.util
import json
import pathlib
import types

import omero_errors
import omero_host
import omero_password
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
KEY = "secrets:omero:public"


class Run:
    """cmd.run_all: takes down each call with the files it is given, answers from a list."""

    def __init__(self):
        self.calls, self.files, self.answers = [], [], []

    def __call__(self, command, **options):
        self.calls.append((command, options))
        named = [*command, options.get("env", {}).get("PGPASSFILE", "")]
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
    def get(key, default=None, unmask=False):
        assert unmask, "Salt answers asterisks without"
        return PILLAR.get(key, default)

    functions = {}
    for path in sorted((CHECKOUT / "_modules").glob("omero*.py")):
        spec = importlib.util.spec_from_file_location(f"{path.stem}_module", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.__salt__ = {
            "pillar.get": get,
            "cmd.run_all": run,
            "cmd.run_stdout": lambda *words, **options: "active\n",
            "omero.config_list": lambda **names: {},
        }
        functions.update(vars(module))
    return types.SimpleNamespace(**functions)


@pytest.fixture
def there():
    return {"omerodir": "/there/OMERO.server", "venv": "/there/venv", "user": None}


def test_commands_run_quietly_as_the_user_without_the_minions_environment(omero, run, monkeypatch):
    monkeypatch.setattr(omero_host.pwd, "getpwuid", lambda uid: type("Entry", (), {"pw_name": "root"}))
    assert omero.status() == {"up": True, "service": "active", "components": {}}
    ((command, options),) = run.calls
    become = ["setpriv", "--reuid=omero-server", "--regid=omero-server", "--init-groups", "--"]
    assert command == [*become, "/opt/omero/server/venv3/bin/omero", "admin", "status"]
    assert "runas" not in options
    assert options["clean_env"] is True
    assert options["output_loglevel"] == "quiet"
    assert options["python_shell"] is False
    assert options["umask"] == "077"
    assert options["env"]["OMERODIR"] == "/opt/omero/server/OMERO.server"
    assert options["env"]["PATH"].startswith("/first/bin:/opt/omero/server/venv3/bin:/usr/local/sbin:")


def test_status_of_a_server_that_is_down(omero, run, there):
    run.answers = [{"retcode": 1}]
    assert omero.status(**there)["up"] is False


def test_status_of_each_component(omero, run, there, tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/internal.cfg").touch()
    said = "active (pid = 7, enabled)\ninactive (disabled)\n"
    run.answers = [{}, {"stdout": "OMERO.Glacier2\nBlitz-0\n"}, {"stdout": said}]
    assert omero.status(**there | {"omerodir": str(tmp_path)})["components"] == {
        "Blitz-0": {"state": "active", "pid": 7, "enabled": True},
        "OMERO.Glacier2": {"state": "inactive", "pid": None, "enabled": False},
    }
    assert run.calls[-1][0][-1] == "server state Blitz-0; server state OMERO.Glacier2"


def test_look_gives_the_password_on_standard_input(omero, run, there):
    run.answers = [{"stdout": '{"up": true, "db": true, "repo": false}'}]
    assert omero.look(**there) == {"up": True, "db": True, "repo": False}
    assert "public-secret" in run.calls[0][1]["stdin"]
    assert run.calls[0][0][-1] == "look"
    assert "public-secret" not in run.shown() + str(run.calls[0][1]["env"])


def test_read_only_is_the_servers_own_word(omero, run, there):
    run.answers = [{"stdout": '{"up": true, "db": true, "repo": false, "version": "5.6.18"}'}]
    assert omero.read_only(**there) == {"db": True, "repo": False}


def test_read_only_of_a_server_that_refuses_the_user(omero, run, there):
    run.answers = [{"stdout": '{"up": true}'}]
    with pytest.raises(omero_errors.LoginRefused, match="refuses the user or the password: public"):
        omero.read_only(**there)


def test_look_at_a_server_that_is_down(omero, run, there):
    run.answers = [{"retcode": 1, "stderr": "ConnectionRefusedException: \n"}]
    with pytest.raises(CommandExecutionError, match="talking to the server as root"):
        omero.look(login="root", **there)


ACCOUNTS = {"groups": {"public": {"type": "read-only"}}, "users": {"public": {"groups": ["public"], "password": KEY}}}


def _rows(root="root-secret", **public):
    """What the database says, with root's password and (if any) the user public."""
    users = {"root": {"id": 0, "hash": omero_password.digest(root, 0), "groups": [["system", True]]}}
    if public:
        users["public"] = {"id": 3, "groups": [["public", False], ["user", False]], **public}
    named = {name: {"firstname": name, "lastname": name, **user} for name, user in users.items()}
    return {"stdout": json.dumps({"groups": {"public": -56, "system": -120} if public else {}, "users": named})}


def test_accounts_that_are_there_cost_one_query(omero, run):
    run.answers = [_rows(hash=omero_password.digest("public-secret", 3))]
    assert omero.accounts(**ACCOUNTS, user=None) == {}
    assert len(run.calls) == 1


def test_accounts_are_predicted_and_made_in_one_session(omero, run):
    run.answers = [_rows()]
    predicted = omero.accounts(**ACCOUNTS, test=True, user=None)
    assert set(predicted) == {"group public", "user public"}
    assert len(run.calls) == 1
    run.answers = [_rows(), {"stdout": '{"done": 2}'}, _rows(hash=omero_password.digest("public-secret", 3))]
    assert omero.accounts(**ACCOUNTS, user=None) == predicted
    steps = json.loads(run.calls[2][1]["stdin"])["steps"]
    assert [step["do"] for step in steps] == ["add_group", "add_user"]
    assert "secret" not in run.shown() + str(predicted)


def test_a_new_root_password_goes_to_the_database_by_standard_input(omero, run):
    same = {"hash": omero_password.digest("public-secret", 3)}
    run.answers = [_rows(root="another", **same), {}]
    assert omero.accounts(**ACCOUNTS, user=None) == {"user root": [{"password": "changed"}]}
    digest = omero_password.digest("root-secret", 0)
    assert digest in run.calls[1][1]["stdin"]
    assert digest not in run.shown()


def test_roots_password_is_put_into_a_database_that_has_another_ones(omero, run):
    run.answers = [_rows(root="another")]
    assert omero.root_password(test=True, user=None) is True
    assert len(run.calls) == 1
    run.answers = [_rows(root="another"), {}]
    assert omero.root_password(user=None) is True
    digest = omero_password.digest("root-secret", 0)
    assert digest in run.calls[2][1]["stdin"]
    assert digest not in run.shown()
    run.answers = [_rows()]
    assert omero.root_password(user=None) is False


def test_accounts_that_stay_as_they_were_are_an_error(omero, run):
    run.answers = [_rows(hash="other"), {"stdout": '{"done": 1}'}, _rows(hash="other")]
    with pytest.raises(CommandExecutionError, match="still to be changed: .*user public") as caught:
        omero.accounts(**ACCOUNTS, user=None)
    assert "public-secret" not in str(caught.value)


def test_db_version_asks_as_the_hosts_own_user(omero, run):
    run.answers = [{"stdout": "0|OMERO5.4\n"}]
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
        omero.look(password="secrets:not:there", **there)
    assert run.calls == []


def test_bad_database_settings_name_the_pillar(omero, monkeypatch):
    monkeypatch.setitem(PILLAR, "omero:db", {"port": "x"})
    with pytest.raises(CommandExecutionError, match="pillar omero:db:port"):
        omero.db_settings()


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


@pytest.mark.parametrize("failing", [0, 1])
def test_a_session_is_closed_whatever_happens(omero, run, there, failing):
    run.answers = [{}, {"retcode": 62 * failing, "stderr": "root-secret"}]
    if failing:
        with pytest.raises(omero_errors.OmeroError) as caught:
            omero.removepyramids(**there)
        assert "root-secret" not in str(caught.value)
    else:
        assert omero.removepyramids(**there) == {"dry_run": True, "images": [], "failed": {}}
    words = [command[1] for command, _ in run.calls]
    assert words == ["login", "admin", "logout"]
    folders = {options["env"]["OMERO_SESSIONDIR"] for _, options in run.calls}
    assert len(folders) == 1
    assert not pathlib.Path(folders.pop()).exists()
    assert [options["env"].get("OMERO_PASSWORD") for _, options in run.calls] == ["root-secret", None, None]
    assert "root-secret" not in run.shown()


def test_a_login_that_fails_goes_no_further(omero, run, there):
    run.answers = [{"retcode": 42}]
    with pytest.raises(omero_errors.ConnectionRefused):
        omero.removepyramids(**there)
    assert len(run.calls) == 1


def test_what_a_new_user_may_have(omero, run):
    with pytest.raises(CommandExecutionError, match="user_add: unknown shoe_size"):
        omero.user_add("u", ["public"], shoe_size=44, __pub_fun="omero.user_add", user=None)
    assert run.calls == []


def test_roots_password_goes_to_the_database(omero, run):
    run.answers = [_rows(), {}]
    assert omero.user_password("root", KEY, user=None) is True
    assert omero_password.digest("public-secret", 0) in run.calls[1][1]["stdin"]
    run.answers = [_rows(root="public-secret")]
    assert omero.user_password("root", KEY, user=None) is False


@pytest.mark.parametrize(
    ("answer", "kind", "expected"),
    [
        (
            {"retcode": 1, "stderr": "Job failed"},
            omero_errors.ServiceFailed,
            "Job failed; its journal ends with: active",
        ),
        (
            {"retcode": 1, "stdout": "['systemctl'] : Timed out after 9 seconds"},
            omero_errors.StartTimedOut,
            "after 9 seconds",
        ),
    ],
)
def test_a_service_that_does_not_start(omero, run, answer, kind, expected):
    run.answers = [answer]
    with pytest.raises(kind, match=expected):
        omero.start(timeout=9)
    assert run.calls == [(["systemctl", "start", "omero-server"], run.calls[0][1])]
    assert run.calls[0][1]["timeout"] == 9
