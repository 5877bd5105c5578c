"""Steps of a state: told of, taken, and looked at again."""

import types

import openstack_steps
import pytest
from cloud_errors import CloudError
from openstack_errors import PassingError


class Cloud:
    """Values by name, some of which are wanted; what is in `faults` happens to the next acts."""

    def __init__(self, wanted, **values):
        self.wanted, self.values, self.faults, self.acts = wanted, values, [], 0

    def look(self):
        return [
            openstack_steps.Step({key: {"old": self.values.get(key), "new": value}}, lambda key=key: self.act(key))
            for key, value in self.wanted.items()
            if self.values.get(key) != value
        ]

    def act(self, key):
        self.acts += 1
        fault = self.faults.pop(0) if self.faults else None
        if fault != "lost before" and not isinstance(fault, CloudError) and fault != "ignored":
            self.values[key] = self.wanted[key]
        if isinstance(fault, CloudError):
            raise fault
        if fault in ("lost before", "lost after"):
            raise PassingError("no answer")

    def apply(self, test=False, **given):
        return openstack_steps.apply("thing", "lab", self.look, test, pause=0, **given)


ALL = {"a": {"old": None, "new": 1}, "b": {"old": 0, "new": 2}}


@pytest.fixture
def cloud():
    return Cloud({"a": 1, "b": 2}, b=0)


def test_test_mode_tells_what_the_run_does(cloud):
    told = cloud.apply(test=True)
    assert (told["result"], told["changes"], cloud.acts) == (None, ALL, 0)
    done = cloud.apply()
    assert (done["result"], done["changes"], cloud.acts) == (True, ALL, 2)
    for test in (True, False):
        again = cloud.apply(test=test)
        assert again == {"name": "thing", "result": True, "comment": "thing is as it should be", "changes": {}}


@pytest.mark.parametrize("fault", ["lost before", "lost after"])
def test_a_lost_answer_is_looked_after(cloud, fault):
    cloud.faults = [fault]
    done = cloud.apply()
    assert (done["result"], done["changes"]) == (True, ALL)
    assert cloud.acts == (3 if fault == "lost before" else 2)


def test_a_cloud_that_is_busy_for_long_is_waited_for(cloud):
    cloud.faults = ["lost before"] * (3 * openstack_steps.ROUNDS)
    done = cloud.apply()
    assert (done["result"], done["changes"], cloud.faults) == (True, ALL, [])


def test_a_failure_tells_what_was_done_before(cloud):
    cloud.faults = [None, CloudError("the quota is used up")]
    done = cloud.apply()
    assert (done["result"], done["comment"]) == (False, "the quota is used up")
    assert done["changes"] == {"a": ALL["a"]}


def test_a_cloud_that_stays_away_ends_at_the_limit(cloud):
    cloud.faults = ["lost before"] * 1000
    done = cloud.apply(limit=0)
    assert (done["result"], done["comment"], done["changes"]) == (False, "no answer; tried for 0 s", {})


def test_what_was_done_before_the_limit_is_told(cloud):
    cloud.faults = [None, "lost before"]
    assert cloud.apply(limit=0)["changes"] == {"a": ALL["a"]}


def test_a_cloud_that_says_yes_and_does_nothing_is_a_failure(cloud):
    cloud.faults = ["ignored"] * 1000
    done = cloud.apply()
    assert (done["result"], done["changes"]) == (False, {})
    assert "still differs: a, b" in done["comment"]
    assert cloud.acts == 2 * openstack_steps.ROUNDS


def test_an_error_of_the_look_is_the_answer():
    def look():
        raise CloudError("two of one name")

    for test in (True, False):
        done = openstack_steps.apply("thing", "lab", look, test)
        assert done == {"name": "thing", "result": False, "comment": "two of one name", "changes": {}}


def test_drift():
    wanted = {"mtu": 1400, "enabled": False, "other": None}
    found = {"mtu": 1500, "enabled": False, "other": "x"}
    assert openstack_steps.drift(wanted, found) == {"mtu": {"old": 1500, "new": 1400}}
    with pytest.raises(CloudError, match="^mtu: expected 1400, found 1500, which cannot be changed"):
        openstack_steps.drift(wanted, found, ("mtu",))


def _item(owner):
    return types.SimpleNamespace(name="net", description=f"net [idr-salt:{owner}]")


def test_only_ours_is_changed():
    taken = []
    differing = {"mtu": {"old": 1500, "new": 1400}}
    (step,) = openstack_steps.changed("network", _item("lab"), "lab", differing, lambda **given: taken.append(given))
    step.act()
    assert (step.change, taken) == (differing, [{"mtu": 1400}])
    assert openstack_steps.changed("network", _item("other"), "lab", {}, None) == []
    with pytest.raises(CloudError, match=r"^network net is not changed, .* end with \[idr-salt:lab\]"):
        openstack_steps.changed("network", _item("other"), "lab", differing, None)


def test_only_ours_and_unused_is_removed():
    assert openstack_steps.gone("network", None, "lab", None) == []
    (step,) = openstack_steps.gone("network", _item("lab"), "lab", None)
    assert step.change == {"network": {"old": "net", "new": None}}
    with pytest.raises(CloudError, match="^network net is not removed, because its description"):
        openstack_steps.gone("network", _item("other"), "lab", None)
    with pytest.raises(CloudError, match="^network net is not removed, because it is used by 2 servers$"):
        openstack_steps.gone("network", _item("lab"), "lab", None, lambda: "2 servers")
