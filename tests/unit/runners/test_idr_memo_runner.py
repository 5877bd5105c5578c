"""The runner of memo files, where it does not come to asking hosts."""

import pytest


@pytest.fixture
def runner(load, master):
    context = {}
    return load("runners", "idr_memo", opts=master, context=context), context


@pytest.mark.parametrize("function", ["memo_warm", "memo_status", "memo_stop"])
def test_environment_without_hosts_is_an_error(runner, function):
    module, context = runner
    told = getattr(module, function)("idr-nowhere")
    assert "no map in" in told["errors"][0]
    assert (told["retcode"], context["retcode"]) == (1, 1)


@pytest.mark.parametrize("wrong", [{"newest": 0}, {"images": "x"}, {"images": [1], "newest": 1}])
def test_wrong_wish_is_named_before_any_host_is_asked(runner, environment, wrong):
    module, context = runner
    told = module.memo_warm(environment, **wrong)
    assert list(wrong)[0] in told["errors"][0]
    assert context["retcode"] == 1
