"""Run on a host of the local cloud: which TCP ports answer, are refused, or stay silent."""

import errno
import json
import resource
import select
import socket
import sys
import time

SILENCE = 1.5
BATCH = 8000


def look(targets):
    """``open``, ``refused`` (nobody listens behind an open firewall) or ``silent`` (dropped) for each of a batch."""
    answers = ["silent"] * len(targets)
    poller = select.epoll(len(targets))
    probes = {}
    for number, target in enumerate(targets):
        probe = socket.socket()
        probe.setblocking(False)
        error = probe.connect_ex(tuple(target))
        if error in (0, errno.EINPROGRESS):
            poller.register(probe, select.EPOLLOUT)
            probes[probe.fileno()] = number, probe
        else:
            answers[number] = name(error)
    end = time.monotonic() + SILENCE
    while probes and (left := end - time.monotonic()) > 0:
        for handle, _ in poller.poll(left):
            number, probe = probes.pop(handle)
            answers[number] = name(probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
            probe.close()
    for _, probe in probes.values():
        probe.close()
    return answers


def name(error):
    known = {0: "open", errno.ECONNREFUSED: "refused", errno.ETIMEDOUT: "silent"}
    return known.get(error, f"error {error}")


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * BATCH, 2 * BATCH))
    targets = json.load(sys.stdin)
    batches = [targets[first : first + BATCH] for first in range(0, len(targets), BATCH)]
    json.dump([answer for batch in batches for answer in look(batch)], sys.stdout)


if __name__ == "__main__":
    main()
