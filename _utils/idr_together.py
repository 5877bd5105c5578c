"""
Calls of several minions at the same moment: one job for all of them, of a client that is made beforehand.
"""

import contextlib
import time

import idr_minions
import salt.client
from salt.exceptions import SaltClientError, SaltReqTimeoutError

# Seconds between two looks at the job cache: a freeze is not to last longer for want of looking.
PAUSE = 0.02
# Seconds for the master to take a job.
PUBLISH = 5


class Together:
    """
    For a ``with``.

    :param opts: options of the master
    :param hosts: minion ids
    """

    def __init__(self, opts, hosts):
        self.opts, self.hosts = opts, list(hosts)
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        self._client = self._stack.enter_context(salt.client.get_local_client(mopts=self.opts))
        self._look = self._client.returners[f"{self.opts['master_job_cache']}.get_jid"]
        return self

    def __exit__(self, *exc):
        self._stack.close()

    def call(self, function, *args, limit, hosts=None):
        """
        Call a function on all hosts, or on some of them.

        :param limit: seconds for all answers
        :returns: ``({host: answer}, {host: what went wrong})``; every host is in one of the two
        """
        hosts = self.hosts if hosts is None else list(hosts)
        answers: dict = {}
        errors: dict = {}
        if not hosts:
            return answers, errors
        end = time.monotonic() + limit
        try:
            published = self._client.run_job(hosts, function, list(args), tgt_type="list", timeout=PUBLISH)
        except (SaltClientError, SaltReqTimeoutError) as exc:
            return {}, {host: f"{host}: {function}: the master does not take the call: {exc}" for host in hosts}
        known = set(published.get("minions", ()))
        while True:
            for host, said in self._look(published["jid"]).items() if known else ():
                if said.get("retcode") or said.get("success") is False:
                    errors[host] = f"{host}: {function}: {idr_minions.said(said.get('return'))}"
                else:
                    answers[host] = said.get("return")
            missing = [host for host in hosts if host not in answers and host not in errors]
            if not set(missing) & known or time.monotonic() > end:
                break
            time.sleep(PAUSE)
        for host in missing:
            why = f"no answer within {limit} s" if host in known else "no such host: is its key accepted?"
            errors[host] = f"{host}: {function}: {why}"
        return answers, errors
