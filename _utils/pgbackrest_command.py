"""
Calls of pgBackRest.
"""

import idr_backups
from command_errors import failure

USER = "postgres"


def run(salt, arguments, stanza, limit):
    """
    Run pgBackRest as the user whose files they are.

    :param salt: the caller's ``__salt__``
    :param arguments: list, the command last
    :param limit: seconds
    :returns: what it printed
    :raises CommandExecutionError: with what it said was wrong
    """
    result = salt["cmd.run_all"](
        ["pgbackrest", f"--stanza={stanza}", "--log-level-console=warn", "--log-level-stderr=off", *arguments],
        runas=USER,
        cwd="/",
        python_shell=False,
        ignore_retcode=True,
        timeout=limit,
    )
    if result["retcode"]:
        said = idr_backups.errors(f"{result['stdout']}\n{result['stderr']}")
        told = {**result, "stdout": said, "stderr": ""} if said else result
        raise failure(f"pgbackrest {arguments[-1]} of {stanza}", told)
    return result["stdout"]
