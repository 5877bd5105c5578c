"""
Errors of commands that Salt ran.
"""

from salt.exceptions import CommandExecutionError


def failure(what, result):
    """
    Return the error of a command that failed, with the last three lines that it said.

    :param what: what was tried, for the reader
    :param result: what ``cmd.run_all`` returned
    """
    last = [line for line in f"{result['stdout']}\n{result['stderr']}".splitlines() if line.strip()][-3:]
    return CommandExecutionError(f"{what} failed (exit code {result['retcode']}): {' / '.join(last)}")
