"""
Who may ask for something by the webhook engine. For reactors, on the master.
"""

import hmac
import pathlib

__virtualname__ = "idr_hook"

OPTION = "idr_scale_out"
HEADER = "x-idr-token"


def __virtual__():
    return __virtualname__


def allows(environment, headers):
    """
    Whether a call of the webhook engine comes from who knows the environment's token. The engine itself asks nobody,
    and any minion may send an event that looks like its. The token is in a file, so that no job and no log has it.

    :param environment: name of the environment
    :param headers: those of the HTTP request; the token is ``X-Idr-Token``
    :returns: bool; False where the master's option ``idr_scale_out`` does not name the environment

    CLI Example:

    .. code-block:: bash

        salt-run salt.cmd idr_hook.allows idr-local '{}'
    """
    option = (__opts__.get(OPTION) or {}).get(environment) if isinstance(environment, str) else None
    if not isinstance(option, dict) or not isinstance(headers, dict):
        return False
    try:
        token = pathlib.Path(option["token_file"]).read_bytes().strip()
    except (KeyError, OSError, TypeError, ValueError):
        return False
    given = next((value for name, value in headers.items() if str(name).lower() == HEADER), "")
    return bool(token) and hmac.compare_digest(str(given).encode(errors="replace"), token)
