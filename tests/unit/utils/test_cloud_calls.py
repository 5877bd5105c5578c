"""How Salt Cloud calls a driver's functions."""

import types

import cloud_calls
import pytest
import salt.utils.context
from cloud_errors import CloudError
from salt.exceptions import SaltCloudSystemExit


def test_arguments_drop_what_salt_adds():
    given = cloud_calls.arguments("show_volume", {"name": "a", "__pub_fun": "x"}, ("name",))
    assert given == {"name": "a"}
    assert cloud_calls.arguments("list_volumes", None) == {}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "show_volume: argument 'name' is missing, expected name=..."),
        ({"name": ""}, "show_volume: argument 'name' is missing"),
        ({"name": "a", "sise": "1"}, "show_volume: unknown argument 'sise', expected name=... "),
    ],
)
def test_arguments_refused(given, message):
    with pytest.raises(CloudError) as caught:
        cloud_calls.arguments("show_volume", given, ("name",), ("size",))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "call", "option"),
    [("action", "function", "-a or --action"), ("action", None, "-a or --action"), ("function", "action", "-f or")],
)
def test_what_needs_a_host_and_what_does_not_are_kept_apart(kind, call, option):
    with pytest.raises(SaltCloudSystemExit, match=f"^stop must be called with {option}"):
        getattr(cloud_calls, kind)("stop", call, {})


def test_rightly_called_they_have_their_arguments():
    assert cloud_calls.action("rename", "action", {"newname": "b"}, ("newname",)) == {"newname": "b"}
    assert cloud_calls.function("list_volumes", "function", None) == {}
    # as Salt Cloud itself asks
    assert cloud_calls.function("list_nodes", None, None) == {}


def test_errors_are_words_and_mistakes_stay_what_they_are():
    @cloud_calls.in_plain_words(lambda exc: f"in words: {exc}" if isinstance(exc, CloudError) else None)
    def fail(exc):
        raise exc

    with pytest.raises(SaltCloudSystemExit, match="^in words: full$"):
        fail(CloudError("full"))
    with pytest.raises(KeyError):
        fail(KeyError("a"))


def test_the_provider_that_salt_cloud_means_reaches_the_driver():
    module = types.ModuleType("driver")
    source = "@plain\ndef call(name, call=None):\n    return __active_provider_name__, name, call\n"
    module.plain = cloud_calls.in_plain_words(str)
    exec(source, vars(module))  # noqa: S102 - a driver's module of its own
    assert module.call.__name__ == "call"
    with salt.utils.context.func_globals_inject(module.call, __active_provider_name__="embassy:openstack"):
        assert module.call("x", call="action") == ("embassy:openstack", "x", "action")
    with pytest.raises(SaltCloudSystemExit, match="not defined"):
        module.call("x")
