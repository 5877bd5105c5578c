"""The steps that the orchestrations make of a plan: each waits for the one before."""

import copy

import pytest
import salt.config
import salt.utils.templates
import yaml

RW, RO = "idr-x-omeroreadwrite", ["idr-x-omeroreadonly-1", "idr-x-omeroreadonly-2"]
PLAN = {"version": "5.7.0", "readwrite": RW, "readers": RO, "alone": False, "needed": True, "moved": False, "again": []}
TARGET = "2026-01-31 12:00:00+00:00"
PLANNERS = {"restore": ("backup.plan", {"environment": "idr-x", "target": TARGET})}
BACK = {**PLAN, "moved": True, "again": RO}


@pytest.fixture
def steps(checkout, tmp_path):
    """Function that renders an orchestration with a plan and returns its states."""
    opts = copy.deepcopy(salt.config.DEFAULT_MINION_OPTS)
    opts |= {"file_client": "local", "cachedir": str(tmp_path)}
    opts |= {"file_roots": {"base": [str(checkout / "salt")]}, "extension_modules": str(tmp_path / "extmods")}

    def steps(name, plan, **pillar):
        asked = []

        def runner(function, kwarg):
            asked.append((function, kwarg))
            return plan

        result = salt.utils.templates.JINJA(
            str(checkout / f"salt/orch/{name}.sls"),
            to_str=True,
            context={},
            opts=opts,
            saltenv="base",
            pillar={"environment": "idr-x", **pillar},
            salt={"saltutil.runner": runner},
        )
        assert result["result"], result["data"]
        assert asked == [PLANNERS.get(name, (f"{name}.plan", {"environment": "idr-x"}))]
        return {key: _flat(state) for key, state in yaml.safe_load(result["data"]).items()}

    return steps


def _flat(state):
    ((function, arguments),) = state.items()
    return {"function": function, **{key: value for one in arguments for key, value in one.items()}}


def _in_turn(states):
    """Each but the first requires the one before."""
    names = list(states)
    for before, name in zip(names, names[1:], strict=False):
        assert states[name]["require"] == [{"salt": before}]
    assert all(state["function"] == "salt.runner" for state in states.values())
    return names


def test_upgrade_of_all(steps):
    states = steps("upgrade", PLAN, snapshot="snap-1")
    expected = ["lock", "fetch", "closed", "readwrite", "open", *RO]
    assert _in_turn(states) == [f"upgrade-{name}" for name in expected]
    assert (states["upgrade-closed"]["on"], states["upgrade-open"]["on"]) == (True, False)
    assert states["upgrade-readwrite"]["snapshot"] == "snap-1"
    assert states[f"upgrade-{RO[0]}"]["version"] == "5.7.0"


def test_upgrade_of_what_is_left(steps):
    assert _in_turn(steps("upgrade", {**PLAN, "readwrite": None, "readers": RO[1:]})) == [
        "upgrade-lock",
        "upgrade-fetch",
        f"upgrade-{RO[1]}",
    ]
    assert _in_turn(steps("upgrade", {**PLAN, "readers": []}))[-1] == "upgrade-open"


def test_rollback_without_the_database(steps):
    expected = ["lock", "record", "closed", "readwrite", "open"]
    again = [f"again-{name}" for name in RO]
    assert _in_turn(steps("rollback", PLAN)) == [*(f"rollback-{name}" for name in expected), *again]
    left = _in_turn(steps("rollback", {**PLAN, "readwrite": None, "readers": RO[:1]}))
    assert left == ["rollback-lock", "rollback-record", again[0]]


def test_rollback_with_the_database(steps):
    first = ["lock", "record", "closed", "databases", *RO, "swap", "readwrite", "open"]
    expected = [*(f"rollback-{name}" for name in first), *(f"again-{name}" for name in RO), "rollback-clean"]
    assert _in_turn(steps("rollback", BACK)) == expected
    left = _in_turn(steps("rollback", {**BACK, "readers": []}))
    assert left == [name for name in expected if name not in {f"rollback-{one}" for one in RO}]


def test_a_site_without_read_only_servers(steps):
    assert _in_turn(steps("rollback", {**BACK, "readers": [], "again": []}))[-1] == "rollback-clean"
    assert _in_turn(steps("upgrade", {**PLAN, "readers": []}))


def test_restore(steps):
    plan = {"label": "A", "target": "2026-01-31 12:00:00.000000+00", "maintenance": False}
    states = steps("restore", plan, target=TARGET)
    order = ["lock", "closed", "stopped", "database", "served", "open", "backup"]
    assert list(states) == [f"restore-{name}" for name in order]
    required = {name: [one["salt"] for one in state.get("require", [])] for name, state in states.items()}
    assert required["restore-database"] == ["restore-stopped"]
    # whatever came of the database, the servers come back, and only then the site
    assert required["restore-served"] == ["restore-closed"]
    assert required["restore-open"] == ["restore-served"]
    assert required["restore-backup"] == ["restore-database", "restore-served"]
    assert (states["restore-closed"]["on"], states["restore-open"]["on"]) == (True, False)
    assert (states["restore-database"]["label"], states["restore-database"]["target"]) == ("A", plan["target"])
    # a site that was in maintenance before stays so
    assert "restore-open" not in steps("restore", {**plan, "maintenance": True}, target=TARGET)
    (state,) = steps("restore", {"errors": ["target: no"], "retcode": 1}, target=TARGET).values()
    assert (state["function"], state["comment"]) == ("test.fail_without_changes", "target: no")


@pytest.mark.parametrize("name", ["upgrade", "rollback"])
def test_refused_and_not_needed(steps, name):
    (state,) = steps(name, {"errors": ["one: 'a'", "two"], "retcode": 1}).values()
    assert (state["function"], state["comment"]) == ("test.fail_without_changes", "one: 'a'; two")
    (state,) = steps(name, {**PLAN, "needed": False}).values()
    assert state["function"] == "test.succeed_without_changes"
