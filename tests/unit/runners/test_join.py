"""Who is let in by the reactor and its runner."""

import contextlib

import pytest
import salt.config
import salt.utils.templates
import yaml


def _reaction(checkout, tag, data):
    result = salt.utils.templates.JINJA(
        str(checkout / "reactor/minion_start.sls"),
        to_str=True,
        context={"tag": tag, "data": data},
        opts=dict(salt.config.DEFAULT_MASTER_OPTS),
        saltenv="base",
    )
    assert result["result"], result["data"]
    return yaml.safe_load(result["data"])


def test_start_event_calls_the_runner(checkout):
    reaction = _reaction(checkout, "salt/minion/idr-local-proxy/start", {"id": "idr-local-proxy"})
    assert reaction == {"join": {"runner.join.started": [{"args": [{"minion_id": "idr-local-proxy"}]}]}}


@pytest.mark.parametrize(
    ("tag", "data"),
    [
        ("salt/minion/idr-local-proxy/start", {"id": "idr-local-database"}),
        ("salt/minion/idr-local-proxy/start", {"data": {"id": "idr-local-proxy"}}),
        ("salt/minion/idr-local-proxy/start/x", {"id": "idr-local-proxy"}),
        ("salt/minion/None/start", {"other": 1}),
    ],
)
def test_other_events_call_nothing(checkout, tag, data):
    assert _reaction(checkout, tag, data) is None


def test_id_cannot_break_out_of_its_place(checkout):
    evil = 'x"\n- fun: cmd.run'
    reaction = _reaction(checkout, f"salt/minion/{evil}/start", {"id": evil})
    assert reaction == {"join": {"runner.join.started": [{"args": [{"minion_id": evil}]}]}}


class Client:
    """Keeps what it was told to send; answers with the return codes that it was given."""

    def __init__(self, failing=()):
        self.failing, self.sent = failing, []

    def cmd(self, tgt, fun, **_):
        """Double of ``LocalClient.cmd``."""
        self.sent.append((tgt, fun))
        return {} if fun in self.failing else {tgt: {"retcode": 0}}


@pytest.fixture
def joining(load, master, accept, monkeypatch):
    """Function that makes the runner, over a master with one accepted key and one that waits, and its client."""
    accept("idr-local-proxy")
    accept("idr-local-database", state="minions_pre")
    accept("idr-local-omeroreadonly-1", state="minions_rejected")

    def joining(**arguments):
        module, client = load("runners", "join", opts=master, context={}), Client(**arguments)
        monkeypatch.setattr(module.salt.client, "get_local_client", lambda **_: contextlib.nullcontext(client))
        return module, client

    return joining


def test_accepted_minion_is_brought_up_to_date_in_order(joining):
    runner, client = joining()
    assert runner.started("idr-local-proxy")["joined"] is True
    functions = ["saltutil.sync_all", "saltutil.refresh_pillar", "mine.update"]
    assert client.sent == [("idr-local-proxy", function) for function in functions]


@pytest.mark.parametrize(
    "minion_id",
    ["idr-local-database", "idr-local-management", "idr-local-omeroreadonly-1", "stranger", "*", None],
)
def test_others_are_refused(joining, minion_id):
    runner, client = joining()
    ret = runner.started(minion_id)
    assert ret["joined"] is False
    assert ret["comment"]
    assert client.sent == []


def test_silent_minion_is_named_and_the_rest_is_tried(joining):
    runner, client = joining(failing=["saltutil.refresh_pillar"])
    ret = runner.started("idr-local-proxy")
    assert ret["joined"] is False
    assert "saltutil.refresh_pillar" in ret["comment"]
    assert len(client.sent) == 3
