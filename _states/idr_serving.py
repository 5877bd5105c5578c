"""
States of who may have visitors: part of the state module ``idr``.
"""

import pathlib

import idr_ids
import omero_wait
from salt.exceptions import CommandExecutionError
from state_returns import ret

__virtualname__ = "idr"


def __virtual__():
    return __virtualname__


def serving(name, timeout=120):
    """
    This host's OMERO.web answers, and the mine says that the host may have visitors. To be required: the server itself
    is up and read-only.

    :param name: any name
    :param timeout: seconds to wait for OMERO.web, and again for the mine

    .. code-block:: yaml

        server-serves:
          idr.serving:
            - timeout: 120
    """
    test = __opts__["test"]
    done, wrong = omero_wait.until(_answers, 0 if test else timeout, interval=1)
    if not done:
        if test:
            return ret(name, None, f"Would wait up to {timeout} s and then offer itself to the front end: {wrong}")
        return ret(name, False, f"Not offered to the front end: within {timeout} s {wrong}")
    try:
        if __salt__["idr.serving"]() and _known():
            return ret(name, True, "It serves")
        changes = {"serving": {"old": False, "new": True}}
        if test:
            return ret(name, None, "Would offer itself to the front end", changes)
        __salt__["idr.serving"](True)
        done, _ = omero_wait.until(_published, timeout)
    except CommandExecutionError as exc:
        return ret(name, False, str(exc))
    if not done:
        return ret(name, False, f"Not offered to the front end: the mine does not take it within {timeout} s")
    return ret(name, True, "It serves, and the front end may know", changes)


def _answers():
    wrong = __salt__["idr.page"]()
    return not wrong, wrong


def _known():
    return __opts__["id"] in _serving()


def _public():
    return __salt__["pillar.get"]("environment:public", unmask=True)


def _serving():
    return [peer["id"] for peer in __salt__["idr.peers"](_public(), serving=True, fresh=True)]


def _published():
    __salt__["mine.update"]()
    return _known(), None


def servers_serving(name, configuration, expected=(), timeout=900):
    """
    There is a server that may have visitors. With none, no configuration is written over a good one.

    A front end that is made together with its servers waits until all have said so, or the time is up. Later on it
    waits for none but the first: others join when they are ready.

    :param name: any name
    :param configuration: path of the front end's configuration, which is not there when it is new
    :param expected: ids of the hosts that exist; only those to which visitors come count
    :param timeout: seconds to wait

    .. code-block:: yaml

        servers-serving:
          idr.servers_serving:
            - configuration: /etc/haproxy/idr.cfg
            - expected: [idr-local-omeroreadonly-1]
    """
    test = __opts__["test"]
    together = __salt__["pillar.get"]("environment:allinone", [], unmask=True)
    readers = {host for host in expected if _public() in idr_ids.roles(host, together)}
    wanted = set() if _written(configuration) else readers

    def ready():
        found = _serving()
        return bool(found) and wanted <= set(found), found

    try:
        _, found = omero_wait.until(ready, 0 if test else timeout)
    except CommandExecutionError as exc:
        return ret(name, False, str(exc))
    if found:
        missing = sorted(readers - set(found))
        return ret(name, True, f"{len(found)} serve{', not yet ' + ', '.join(missing) if missing else ''}")
    if test:
        return ret(name, None, f"Would wait up to {timeout} s for a server that serves")
    return ret(name, False, f"No server serves within {timeout} s: the front end stays as it is")


def _written(configuration):
    # The package brings one of its own, with no server in it.
    path = pathlib.Path(configuration)
    return path.exists() and "\n    server " in path.read_text(encoding="utf-8")
