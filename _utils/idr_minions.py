"""
Calls of minions from the master, each with a limit.
"""

import concurrent.futures
import contextlib
import time

import idr_upgrade
import omero_wait
import salt.client
from salt.exceptions import CommandExecutionError

# Seconds after which, and then as often, a minion that has not answered is asked whether it is still at it: option
# idr_minion_ask of the master.
ALIVE = 20
# Seconds that it has to say so: option idr_minion_say.
FIND = 15
# What is shown of a state.apply that failed.
_SHOWN = 6


class Minions:
    """
    :param opts: options of the master
    """

    def __init__(self, opts):
        self.opts = opts
        self.ask, self.say = opts.get("idr_minion_ask", ALIVE), opts.get("idr_minion_say", FIND)

    def call(self, host, function, *args, limit=60, **kwargs):
        """
        Return what a function of a minion returns.

        :param limit: seconds for its answer
        :raises CommandExecutionError: it does not answer, is not done in time, or fails, or the master is down; the
            message names host and function and never an argument
        """
        what = f"{host}: {function}"
        try:
            with salt.client.get_local_client(mopts=self.opts) as client:
                published = client.run_job(host, function, list(args), tgt_type="list", kwarg=kwargs, timeout=10)
                if not published:
                    raise CommandExecutionError(f"{what}: no such host: is its key accepted?")
                answer = self._await(client, what, host, published["jid"], limit)
        except (salt.exceptions.SaltClientError, salt.exceptions.SaltReqTimeoutError) as exc:
            raise CommandExecutionError(f"{what}: the master does not take the call: {exc}") from exc
        if answer.get("retcode") or answer.get("success") is False:
            raise CommandExecutionError(f"{what}: {said(answer.get('return'))}")
        return answer.get("return")

    def each(self, hosts, function, *args, **kwargs):
        """
        Call a function on several hosts at the same time, as :meth:`call` does.

        :returns: ``({host: what it returned}, {host: what went wrong})``; every host is in one of the two
        """
        answers: dict = {}
        errors: dict = {}

        def ask(host):
            try:
                answers[host] = self.call(host, function, *args, **kwargs)
            except (CommandExecutionError, OSError) as exc:
                errors[host] = str(exc)

        with concurrent.futures.ThreadPoolExecutor(max(1, len(hosts))) as pool:
            list(pool.map(ask, hosts))
        return answers, errors

    def unwell(self, host, version=None):
        """
        What keeps a read-only server from serving: what it says of itself, and whether its OMERO.web answers.

        :param version: of OMERO.server that it must run; None for any
        :returns: text, empty when all is well
        """
        try:
            wrong = idr_upgrade.unproved(self.call(host, "omero.look", limit=90), version, read_only=True)
            return wrong or self.call(host, "idr.page")
        except CommandExecutionError as exc:
            return str(exc)

    def settle(self, host, unit="omero-server"):
        """
        Stop a service that does not run. systemd starts one again and again that has failed, and would do so with what
        is half changed by then.

        :raises CommandExecutionError: as :func:`call`
        """
        if not self.call(host, "service.status", unit):
            self.call(host, "service.stop", unit, limit=600)

    def _await(self, client, what, host, jid, limit):
        look = client.returners[f"{self.opts['master_job_cache']}.get_jid"]
        began = asked = time.monotonic()
        pause = 0.1
        while True:
            found = look(jid).get(host)
            if found is not None:
                return found
            now = time.monotonic()
            if now - began > limit:
                raise CommandExecutionError(f"{what}: not done within {limit} s; it may still be at it")
            if now - asked > self.ask:
                if not self._at_it(client, look, host, jid) and not look(jid).get(host):
                    raise CommandExecutionError(f"{what}: this host does not answer any more, or has lost the call")
                asked = time.monotonic()
            time.sleep(pause)
            pause = min(pause * 1.5, 2)

    def _at_it(self, client, look, host, jid):
        """Whether the host is at work on a job, or has it in its queue."""
        for _ in range(2):
            running = self._asked(client, look, host, "saltutil.find_job", jid)
            if running is None:
                continue
            if running:
                return True
            # Salt 3008 looks for jobs that wait in another folder than the one in which they are.
            cache = self._asked(client, look, host, "config.get", "cachedir")
            if cache and self._asked(client, look, host, "file.find", f"{cache}/queues", f"name=*_{jid}.p"):
                return True
        return False

    def _asked(self, client, look, host, function, *args):
        """
        What a host answers within some seconds, or None. Not by ``cmd``, which waits gather_job_timeout for a dead one.
        """
        with contextlib.suppress(salt.exceptions.SaltClientError):
            asked = client.run_job(host, function, list(args), tgt_type="list", timeout=10)
            if asked:
                found, answer = omero_wait.until(lambda: _seen(look, asked["jid"], host), self.say, interval=0.5)
                return answer.get("return") if found else None
        return None


def _seen(look, jid, host):
    found = look(jid).get(host)
    return found is not None, found


def said(returned):
    """
    What a failed call said, in one line: of states those that failed for a reason of their own.
    """
    if isinstance(returned, dict) and returned and all(isinstance(one, dict) for one in returned.values()):
        failed = [one for one in returned.values() if one.get("result") is False]
        own = [one for one in failed if not str(one.get("comment", "")).startswith("One or more requisite failed")]
        lines = [f"{one.get('__id__', one.get('name'))}: {_short(one.get('comment', ''))}" for one in own or failed]
        return f"{len(failed)} states failed: {'; '.join(lines[:_SHOWN])}"
    if isinstance(returned, list):
        return _short("; ".join(map(str, returned)))
    return _short(returned)


def _short(text):
    text = " ".join(str(text).split()).rstrip(".")
    return text if len(text) <= 500 else f"{text[:500]}..."
