"""
Bio-Formats' memo files of an environment's read-only servers: part of the runner ``idr``.

Each server has a worker of its own, which needs no master: what is here starts the workers and asks them how far they
are. So it can be called again at any time, also by another master.
"""

import idr_ids
import idr_keys
import idr_memos
import idr_site
import omero_memo
import omero_wait
import salt.client
from runner_errors import failed

__virtualname__ = "idr"

# for one answer of the hosts, in seconds
TIMEOUT = 60


def __virtual__():
    return __virtualname__


def memo_warm(environment, newest=None, images=None, wait=False, timeout=3600):
    """
    Have all read-only servers make the memo files that are missing, each for itself and each beginning elsewhere in the
    list; servers that share a folder of memo files share the images. The same again joins or resumes what is under way.

    :param environment: name of the environment
    :param newest: only so many of the images that were added last
    :param images: only these, a list of image ids; with neither all
    :param wait: True to wait until all are done; how far they are comes as events, which ``salt-run`` shows
    :param timeout: seconds to wait at most; the workers go on after it
    :returns: what :func:`memo_status` does, with ``"answer": "joined", "resumed" or "started"`` for each host

    CLI Example:

    .. code-block:: bash

        salt-run idr.memo_warm idr-local newest=1000 wait=True
    """
    try:
        want = omero_memo.wanted(images, newest)
        hosts = _hosts(environment)
    except ValueError as exc:
        return failed(__context__, str(exc))
    with salt.client.get_local_client(mopts=__opts__) as client:
        found, errors = _ask(client, hosts, "omero.memo_folders")
        shared = any(folders["shared"] for folders in found.values())
        answers = {}
        for host, order in idr_memos.orders(sorted(found), hosts, shared).items():
            answer, wrong = _ask(client, [host], "omero.memo_start", {**want, **order})
            answers |= answer
            errors |= wrong
        told = _progress(client, hosts, errors)
        if wait:
            told = _awaited(client, hosts, errors, timeout, told)
    for host, answer in answers.items():
        told["hosts"].setdefault(host, {})["answer"] = answer
    return _finished(told)


def memo_status(environment):
    """
    How far the workers of the read-only servers are.

    :param environment: name of the environment
    :returns: ``{"hosts": {host: what omero.memo_progress says}, "images": {"total", "done", "failed"}, "per_minute":
        files a minute of all hosts, "eta_seconds": of the slowest, None where it is unknown, "done": bool}``; with
        ``"errors": [...]`` and ``retcode`` 1 where a host does not answer

    CLI Example:

    .. code-block:: bash

        salt-run idr.memo_status idr-local
    """
    try:
        hosts = _hosts(environment)
    except ValueError as exc:
        return failed(__context__, str(exc))
    with salt.client.get_local_client(mopts=__opts__) as client:
        return _finished(_progress(client, hosts, {}))


def memo_stop(environment):
    """
    Stop the workers of the read-only servers. ``idr.memo_warm`` with the same parameters resumes.

    :param environment: name of the environment
    :returns: what :func:`memo_status` does

    CLI Example:

    .. code-block:: bash

        salt-run idr.memo_stop idr-local
    """
    try:
        hosts = _hosts(environment)
    except ValueError as exc:
        return failed(__context__, str(exc))
    with salt.client.get_local_client(mopts=__opts__) as client:
        _, errors = _ask(client, hosts, "omero.memo_stop")
        return _finished(_progress(client, hosts, errors))


def _hosts(environment):
    hosts = [host for host in idr_site.managed(__opts__, environment) if idr_ids.parse(host)["role"] == idr_keys.READER]
    if not hosts:
        raise ValueError(f"environment {environment!r}: it has no read-only server")
    return hosts


def _ask(client, hosts, function, kwargs=None):
    """Answers of hosts, and what went wrong at the others."""
    returned = client.cmd(hosts, function, kwarg=kwargs or {}, tgt_type="list", timeout=TIMEOUT, full_return=True)
    answers, errors = {}, {}
    for host in hosts:
        one = returned.get(host)
        if isinstance(one, dict) and one.get("retcode") == 0:
            answers[host] = one["ret"]
        else:
            errors[host] = one["ret"] if isinstance(one, dict) else f"no answer within {TIMEOUT} s"
    return answers, errors


def _progress(client, hosts, errors):
    found, wrong = _ask(client, hosts, "omero.memo_progress")
    return idr_memos.summary(found, {**wrong, **errors})


def _awaited(client, hosts, errors, timeout, told):
    def over():
        now = _progress(client, hosts, errors)
        event = globals().get("__jid_event__")
        if event:
            event.fire_event({"message": idr_memos.line(now)}, "progress")
        return now["done"], now

    done, told = omero_wait.until(over, timeout, interval=5)
    if not done:
        told.setdefault("errors", []).append(f"not done within {timeout} s; the workers go on")
    return told


def _finished(told):
    return {**told, **failed(__context__, *told["errors"])} if told.get("errors") else told
