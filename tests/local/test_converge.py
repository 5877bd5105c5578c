"""`salt '*' state.apply` again, and `make up` again, change nothing; test mode says so beforehand."""


def changes(answer):
    """{host: [state ids that changed or failed]} of a state.apply answer."""
    return {
        host: [s["__id__"] for s in states.values() if s["changes"] or s["result"] is not True]
        for host, states in answer.items()
        if isinstance(states, dict)
    } | {host: states for host, states in answer.items() if not isinstance(states, dict)}


def test_second_apply_changes_nothing(local):
    answer = local.salt("*", "state.apply")
    assert len(answer) == 6
    assert not any(changes(answer).values()), changes(answer)


def test_test_mode_predicts_no_change(local):
    answer = local.salt("*", "state.apply", "test=True")
    assert not any(changes(answer).values()), changes(answer)


def test_make_up_again_changes_nothing(local):
    done = local.make("up", timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 states changed something" in done.stdout
