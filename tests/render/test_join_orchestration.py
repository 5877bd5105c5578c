"""The steps of ``orch.join``: each waits for the one before, and the last comes whatever happened."""

import pytest
import salt.config
import salt.utils.templates
import yaml


@pytest.fixture
def steps(checkout):
    """Function that renders the orchestration with a pillar."""

    def steps(pillar):
        result = salt.utils.templates.JINJA(
            str(checkout / "salt/orch/join.sls"),
            to_str=True,
            context={},
            opts=dict(salt.config.DEFAULT_MINION_OPTS),
            saltenv="base",
            pillar=pillar,
        )
        assert result["result"], result["data"]
        states = yaml.safe_load(result["data"])
        return {
            name: {key: value for one in state["salt.runner"] for key, value in one.items()}
            for name, state in states.items()
        }

    return steps


def test_in_order_and_the_end_in_any_case(steps):
    found = steps({"environment": "idr-x", "batch": "2026-1"})
    assert [state["name"] for state in found.values()] == ["join.begin", "join.apply", "join.serve", "join.end"]
    assert [state.get("require") for state in found.values()] == [
        None,
        [{"salt": "join-begin"}],
        [{"salt": "join-apply"}],
        None,
    ]
    assert all((state["environment"], state["batch"]) == ("idr-x", "2026-1") for state in found.values())


@pytest.mark.parametrize("text", ['x"\n- name: cmd.run', "{{ 7*7 }}", "a: b", "#", "'"])
def test_nothing_breaks_out_of_its_place(steps, text):
    found = steps({"environment": text, "batch": text})
    assert len(found) == 4
    assert {(state["environment"], state["batch"]) for state in found.values()} == {(text, text)}


def test_without_a_pillar_the_runner_refuses_it(steps):
    assert {(state["environment"], state["batch"]) for state in steps({}).values()} == {("", "")}
