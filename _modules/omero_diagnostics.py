"""
What an installation of OMERO.server tells about itself, whether it runs or not: part of the execution module ``omero``.
"""

import os
import pathlib
import time

import omero_certificate
import omero_config
import omero_endpoints
import omero_errors
import omero_output
from omero_host import OMERODIR, USER, VENV, Installation
from salt.exceptions import CommandExecutionError

__virtualname__ = "omero"

# nothing listens there: whoever asks by it for a newer release is refused at once, and nothing leaves the host
NOWHERE = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
LOG_END = 1 << 20


def __virtual__():
    return __virtualname__


def _at(omerodir=OMERODIR, venv=VENV, user=USER):
    return Installation(__salt__, omerodir, venv, user)


def _texts(omerodir):
    return __salt__["omero.config_list"](show_password=True, typed=False, omerodir=omerodir)


def diagnostics(logs=False, omerodir=OMERODIR, venv=VENV, user=USER):
    """
    What ``omero admin diagnostics`` finds, which does not ask here whether there is a newer release.

    :param logs: True counts errors and warnings in the logs as well, which takes a while for large ones
    :returns: ``{"commands": {"psql": {"version", "path"}}, "versions": {"OMERO.py", "OMERO.server"}, "grid": "running"
        or "not started", "components": {"Blitz-0": {"state", "pid", "enabled"}}, "environment": {name: value or None},
        "ports": {"ssl": int}, "folders": {"data": {"path", "exists", "writable"}}, "jvm": {name: [option]},
        "jars": {path: version}, "logs": {name: {"size", "errors", "warnings"}}, "notes": [what OMERO finds in logs]}``
    :raises OmeroError: the command fails, or does not end within 300 s

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.diagnostics
    """
    words = ("admin", "diagnostics", *(() if logs else ("--no-logs",)))
    told = _at(omerodir, venv, user).command(*words, env=NOWHERE, timeout=300)["stdout"]
    return omero_output.diagnostics(told)


def jvmcfg(omerodir=OMERODIR, venv=VENV, user=USER):
    """
    The options of Java that follow from the properties ``omero.jvmcfg.*`` and the host's memory.

    :returns: ``{"blitz": {"options": ["-Xmx..."], "heap_bytes": int or None, "settings": what was set, or None}}``
    :raises BadMemory: a property cannot be used
    :raises OmeroError: the command does not end within 120 s

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.jvmcfg
    """
    return omero_output.jvm(_at(omerodir, venv, user).command("admin", "jvmcfg")["stdout"])


def endpoints(omerodir=OMERODIR):
    """
    Where the server listens by its configuration, ``omero.ports.prefix`` included, and whether something does.

    :returns: ``{"ssl": {"host": "*" or an address, "port": 4064, "endpoint": "ssl -h * -p 4064", "listening": bool}}``,
        for each of ``omero.client.icetransports``, and ``registry``
    :raises CommandExecutionError: a port or transport in the configuration is none

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.endpoints
    """
    try:
        found = omero_endpoints.endpoints(_texts(omerodir))
    except ValueError as error:
        raise CommandExecutionError(f"{omerodir}: {error}") from None
    tables = [path.read_text() for path in map(pathlib.Path, ("/proc/net/tcp", "/proc/net/tcp6")) if path.exists()]
    there = omero_endpoints.listening(*tables)
    return {name: {**one, "listening": one["port"] in there} for name, one in found.items()}


def certificates(omerodir=OMERODIR):
    """
    The certificates that the server shows its clients, by its properties ``omero.glacier2.IceSSL.*``.

    :returns: ``{path: {"subject", "issuer", "names": [str], "begins", "ends": ISO 8601, "days_left": int, "sha256":
        fingerprint, "key": whether the private key is there and fits}}``, or ``{path: {"error": str}}``; empty where
        none is configured

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.certificates
    """
    texts, found = _texts(omerodir), {}
    given = {key: texts.get(f"omero.glacier2.IceSSL.{key}") for key in ("DefaultDir", "CertFile", "KeyFile", "CAs")}
    folder = given["DefaultDir"] or ""
    key = os.path.join(folder, given["KeyFile"]) if given["KeyFile"] else None
    for name in ("CertFile", "CAs"):
        path = os.path.join(folder, given[name] or "")
        if not given[name]:
            continue
        try:
            found[path] = omero_certificate.facts(path)
        except ValueError as error:
            found[path] = {"error": str(error)}
            continue
        if name == "CertFile":
            found[path]["key"] = bool(key) and omero_certificate.fits(path, key)
    return found


def logs(name=None, lines=100, omerodir=OMERODIR):
    """
    The end of one of the server's logs, without the configuration's secrets; or which there are.

    :param name: such as Blitz-0.log; without it they are listed
    :param lines: how many, of the last MiB
    :returns: list of lines; without ``name`` ``{name: {"bytes": int, "changed": ISO 8601}}``
    :raises CommandExecutionError: there is no such log

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadonly-1 omero.logs
        salt idr-local-omeroreadonly-1 omero.logs Blitz-0.log lines=20
    """
    folder = pathlib.Path(omerodir, "var", "log")
    there = {path.name: path for path in sorted(folder.glob("*")) if path.is_file()}
    if name is None:
        stats = {key: path.stat() for key, path in there.items()}
        return {
            key: {
                "bytes": stat.st_size,
                "changed": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stat.st_mtime)),
            }
            for key, stat in stats.items()
        }
    if name not in there:
        raise CommandExecutionError(f"{folder}: one of {', '.join(there) or 'no logs'} was expected, not {name}")
    with there[name].open("rb") as file:
        file.seek(max(0, there[name].stat().st_size - LOG_END))
        text = file.read().decode("utf-8", "replace")
    hidden = [text for key, text in _texts(omerodir).items() if omero_config.masked(key, text) == omero_config.MASK]
    return omero_errors.clean(text, hidden).splitlines()[-int(lines) :]


def checkupgrade(omerodir=OMERODIR, venv=VENV, user=USER):
    """
    Whether there is a newer release, asked of property ``omero.upgrades.url`` or OMERO's own list in the internet.

    :returns: ``{"newer": False}``, or ``{"newer": True, "said": what the list answers}``
    :raises UpgradeCheckFailed: the list could not be asked
    :raises OmeroError: the command fails, or does not end within 60 s

    CLI Example:

    .. code-block:: bash

        salt idr-local-omeroreadwrite omero.checkupgrade
    """
    result = _at(omerodir, venv, user).omero("admin", "checkupgrade", timeout=60)
    error = omero_errors.of("omero admin checkupgrade", result)
    # 1: there is one; 2: it could not be asked
    if result["retcode"] == 1 and not isinstance(error, omero_errors.TimedOut):
        said = [line for line in result["stderr"].splitlines() if line.strip() and "UPGRADE AVAILABLE" not in line]
        return {"newer": True, "said": " ".join(said[-1:])}
    if result["retcode"]:
        raise error
    return {"newer": False}
