"""
What is installed for OMERO: virtual environments and OMERO.web's static files.

Each state tells by reading a file or two that there is nothing to do; no process is started for it.
"""

import contextlib
import os
import pathlib

import omero_plugins
from command_errors import failure as _failure
from salt.exceptions import CommandExecutionError
from state_returns import ret as _ret


def _text(*paths):
    """The files' texts in one; None if one of them is not there."""
    with contextlib.suppress(FileNotFoundError):
        return "".join(pathlib.Path(path).read_text(encoding="utf-8") for path in paths)
    return None


def _run(what, command, **options):
    result = __salt__["cmd.run_all"](command, python_shell=False, ignore_retcode=True, **options)
    if result["retcode"]:
        raise _failure(what, result)


def venv(name, python, requirements, timeout=1800):
    """
    A virtual environment has the packages of these requirements lists.

    They are installed one after the other, as pip wants hashes for all packages of a list or for none; a later one may
    name a package of an earlier one, but does not move it by what it needs itself.

    :param name: the folder
    :param python: program that makes the environment
    :param requirements: list of ``{file name: text}``; ``installed.txt`` in the folder says which were installed
    :param timeout: limit of each call of pip in seconds

    .. code-block:: yaml

        /opt/omero/web/venv3:
          omero_files.venv:
            - python: python3
            - requirements:
                - locked.txt: "omero-web==5.33.2 --hash=sha256:..."
                - more.txt: omero-figure
    """
    folder, lists = pathlib.Path(name), [pair for each in requirements for pair in each.items()]
    wanted, pip = "".join(f"# {file}\n{text}\n" for file, text in lists), folder / "bin/pip"
    if pip.exists() and wanted == _text(folder / "installed.txt"):
        return _ret(name, True, "All packages are installed")
    changes = {name: f"packages of {', '.join(file for file, _ in lists)}"}
    if __opts__["test"]:
        return _ret(name, None, "Packages would be installed", changes)
    try:
        if not pip.exists():
            _run("venv", [python, "-m", "venv", name])
        for number, (file, text) in enumerate(lists):
            _install(folder, [earlier for _, earlier in lists[:number]], file, text, timeout)
        (folder / "installed.txt").write_text(wanted, encoding="utf-8")
    except (CommandExecutionError, OSError, ValueError) as exc:
        return _ret(name, False, str(exc))
    return _ret(name, True, "Packages were installed", changes)


def _install(folder, before, file, text, timeout):
    """Install one requirements list; packages of those ``before`` keep their versions."""
    (folder / file).write_text(f"{text}\n", encoding="utf-8")
    if not omero_plugins.pinned(text):
        return
    (folder / "constraints.txt").write_text(omero_plugins.constraints(before, text), encoding="utf-8")
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_CONFIG_FILE": str(folder / "pip.conf")}
    command = [str(folder / "bin/pip"), "install", "--quiet", "-c", "constraints.txt", "-r", file]
    _run(f"pip install -r {file}", command, cwd=str(folder), env=quiet, timeout=timeout)


def static(name, venv, apps, user, timeout=600):
    """
    OMERO.web's static files are those of the packages and apps that are installed. ``var/static.txt`` says of which.

    :param name: OMERO.web's folder
    :param venv: its virtual environment
    :param apps: list of Django apps
    :param user: system user who runs it

    .. code-block:: yaml

        /opt/omero/web/OMERO.web:
          omero_files.static:
            - venv: /opt/omero/web/venv3
            - apps: [omero_iviewer]
            - user: omero-web
    """
    marker = pathlib.Path(name, "var", "static.txt")
    packages = _text(pathlib.Path(venv, "installed.txt"))
    wanted = "".join([packages or "", *(f"{app}\n" for app in apps)])
    if packages is not None and wanted == _text(marker):
        return _ret(name, True, "The static files are collected")
    changes = {os.path.join(name, "var/static"): "collected"}
    if __opts__["test"]:
        return _ret(name, None, "The static files would be collected", changes)
    env = {"OMERODIR": name, "PATH": f"{venv}/bin:/usr/local/bin:/usr/bin:/bin"}
    try:
        _run("omero web syncmedia", [f"{venv}/bin/omero", "web", "syncmedia"], runas=user, umask="022", cwd=name,
             env=env, timeout=timeout)  # fmt: skip
        marker.write_text(wanted, encoding="utf-8")
    except (CommandExecutionError, OSError) as exc:
        return _ret(name, False, str(exc))
    return _ret(name, True, "The static files were collected", changes)
