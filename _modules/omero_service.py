"""
Starting and stopping OMERO.server by the service manager: part of the execution module ``omero``.

``omero admin start`` and ``stop`` would leave systemd with another idea of what runs. All waits have limits.
"""

import time

import omero_errors
import omero_wait
from omero_host import OMERODIR, USER, VENV, Installation

__virtualname__ = "omero"

UNIT = "omero-server"


def __virtual__():
    return __virtualname__


def _active(unit):
    """
    The service manager's word: active, inactive, activating, deactivating or failed.
    """
    command = ["systemctl", "show", "--property=ActiveState", "--value", unit]
    return __salt__["cmd.run_stdout"](command, python_shell=False, timeout=30).strip() or "unknown"


def _systemctl(action, unit, timeout, late):
    """
    Let systemd start or stop the unit, and return how long it took.
    """
    begun = time.monotonic()
    command = ["systemctl", action, unit]
    result = __salt__["cmd.run_all"](command, python_shell=False, timeout=timeout, ignore_retcode=True)
    if result["retcode"]:
        error = omero_errors.of(f"systemctl {action} {unit}", result)
        kind = late if isinstance(error, omero_errors.TimedOut) else omero_errors.ServiceFailed
        last = ["journalctl", "-u", unit, "-n", "5", "-o", "cat", "--no-pager"]
        told = __salt__["cmd.run_stdout"](last, python_shell=False, timeout=30, output_loglevel="quiet")
        raise kind.because(f"{error}; its journal ends with: {' / '.join(told.splitlines())}")
    return round(time.monotonic() - begun, 1)


def _changed(action, unit, timeout, late):
    before = _active(unit)
    seconds = _systemctl(action, unit, timeout, late)
    after = _active(unit)
    return {"service": after, "changed": action == "restart" or before != after, "seconds": seconds}


def start(timeout=400, unit=UNIT):
    """
    Start the server by the service manager; it is up afterwards.

    :param timeout: seconds to wait; the service manager goes on after that, within limits of its own
    :returns: ``{"service": "active", "changed": bool, "seconds": float}``
    :raises StartTimedOut: it did not come up in time
    :raises ServiceFailed: it could not be started; with the last lines of its journal

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.start
    """
    return _changed("start", unit, timeout, omero_errors.StartTimedOut)


def stop(timeout=400, unit=UNIT):
    """
    Stop the server by the service manager; it is down afterwards.

    :param timeout: seconds to wait; the service manager goes on after that, within limits of its own
    :returns: ``{"service": "inactive", "changed": bool, "seconds": float}``
    :raises StopTimedOut: it did not go down in time
    :raises ServiceFailed: it could not be stopped

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.stop
    """
    return _changed("stop", unit, timeout, omero_errors.StopTimedOut)


def restart(timeout=800, unit=UNIT):
    """
    Stop and start the server by the service manager; it is up afterwards.

    :param timeout: seconds to wait for both
    :returns: ``{"service": "active", "changed": True, "seconds": float}``
    :raises StartTimedOut: it was not up again in time
    :raises ServiceFailed: it could not be stopped or started

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.restart
    """
    return _changed("restart", unit, timeout, omero_errors.StartTimedOut)


def waitup(timeout=300, unit=UNIT, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Wait until the server is up: the service is active and the session manager answers. Starts nothing.

    :param timeout: seconds to wait; 0 looks once
    :returns: ``{"up": True, "seconds": float}``
    :raises ServiceFailed: the service has failed, so that waiting is in vain
    :raises StartTimedOut: it is not up in time; says what is missing

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.waitup timeout=60
    """
    where, begun = Installation(__salt__, omerodir, venv, user), time.monotonic()

    def up():
        state = _active(unit)
        if state == "failed":
            raise omero_errors.ServiceFailed.because(f"{unit} has failed")
        if state != "active":
            return False, f"the service {unit} is {state}"
        answer = where.omero("admin", "status", timeout=60)
        return not answer["retcode"], None if not answer["retcode"] else "its session manager does not answer"

    done, missing = omero_wait.until(up, timeout)
    if not done:
        raise omero_errors.StartTimedOut.because(f"after {timeout} s {missing}")
    return {"up": True, "seconds": round(time.monotonic() - begun, 1)}


def waitdown(timeout=300, unit=UNIT, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Wait until the server is down: the service is not active and its grid does not answer. Stops nothing.

    :param timeout: seconds to wait; 0 looks once
    :returns: ``{"up": False, "seconds": float}``
    :raises StopTimedOut: it is not down in time; says what is left

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.waitdown timeout=60
    """
    where, begun = Installation(__salt__, omerodir, venv, user), time.monotonic()

    def down():
        state = _active(unit)
        if state not in ("inactive", "failed"):
            return False, f"the service {unit} is {state}"
        answer = where.omero("admin", "status", "--nodeonly", timeout=60)
        return bool(answer["retcode"]), "its grid answers"

    done, left = omero_wait.until(down, timeout)
    if not done:
        raise omero_errors.StopTimedOut.because(f"after {timeout} s {left}")
    return {"up": False, "seconds": round(time.monotonic() - begun, 1)}
