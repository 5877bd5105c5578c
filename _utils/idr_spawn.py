"""
Orchestrations in a process of their own.
"""

import json
import pathlib
import shutil
import subprocess
import sys


def orchestrate(opts, name, pillar):
    """
    Start an orchestration and go on. It outlives who starts it, be it a thread of the master's reactor; what comes of
    it is in the master's log, its events and its job.

    :param opts: options of the master
    :param name: such as ``orch.join``
    :param pillar: for it; nothing secret, as it is seen in the list of processes
    :raises ValueError: there is no ``salt-run``
    """
    command = [
        _salt_run(),
        f"--config-dir={pathlib.Path(opts['conf_file']).parent}",
        "--log-level=quiet",
        "--no-color",
        "state.orchestrate",
        name,
        f"pillar={json.dumps(pillar)}",
    ]
    null = subprocess.DEVNULL
    subprocess.Popen(command, stdin=null, stdout=null, stderr=null, start_new_session=True)


def _salt_run():
    beside = pathlib.Path(sys.executable).with_name("salt-run")
    found = str(beside) if beside.exists() else shutil.which("salt-run")
    if not found:
        raise ValueError("salt-run: expected on the PATH or beside Salt's Python, found nowhere")
    return found
