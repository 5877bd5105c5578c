"""
What is installed for OMERO: releases, virtual environments, OMERO.web's static files, the server's certificate.

Each state tells by reading a file or two that there is nothing to do; no process is started for it.
"""

import contextlib
import os
import pathlib
import pwd

import omero_certificate
from salt.exceptions import CommandExecutionError


def _ret(name, result, comment, changes=None):
    return {"name": name, "result": result, "comment": comment, "changes": changes or {}}


def _text(*paths):
    """The files' texts in one; None if one of them is not there."""
    with contextlib.suppress(FileNotFoundError):
        return "".join(pathlib.Path(path).read_text(encoding="utf-8") for path in paths)
    return None


def _run(what, command, **options):
    result = __salt__["cmd.run_all"](command, python_shell=False, ignore_retcode=True, **options)
    if result["retcode"]:
        last = [line for line in f"{result['stdout']}\n{result['stderr']}".splitlines() if line.strip()][-3:]
        raise CommandExecutionError(f"{what} failed (exit code {result['retcode']}): {' / '.join(last)}")


def release(name, source, sha256, user):
    """
    A release archive is extracted, all of it. ``etc/release.sha256`` in its folder says which.

    :param name: the release's folder, which the archive holds
    :param source: URL of the archive, ``sha256`` its digest
    :param user: system user who owns it

    .. code-block:: yaml

        /opt/omero/server/OMERO.server-5.6.13:
          omero_files.release:
            - source: https://.../OMERO.server-5.6.13.zip
            - sha256: 0123
            - user: omero-server
    """
    marker = pathlib.Path(name, "etc", "release.sha256")
    found = (_text(marker) or "").strip() or None
    changes = {"old": found, "new": sha256}
    if found == sha256:
        return _ret(name, True, "This release is extracted")
    if __opts__["test"]:
        return _ret(name, None, f"{source} would be extracted", changes)
    done = __states__["archive.extracted"](
        os.path.dirname(name), source=source, source_hash=f"sha256={sha256}", overwrite=True, user=user, group=user
    )
    if done["result"] is not True:
        return _ret(name, False, done["comment"])
    try:
        # config.xml and IceGrid's copies of it hold passwords and are readable by all
        os.chmod(name, 0o750)  # noqa: S103
        marker.write_text(f"{sha256}\n", encoding="utf-8")
    except OSError as exc:
        return _ret(name, False, f"{source} has no {marker}: {exc}")
    return _ret(name, True, f"{source} extracted", changes)


def venv(name, python, requirements, timeout=1800):
    """
    A virtual environment has the packages of the requirements files in its folder.

    :param name: the folder
    :param python: program that makes the environment
    :param requirements: names of files in the folder; ``installed.txt`` there says which were installed
    :param timeout: limit of pip in seconds

    .. code-block:: yaml

        /opt/omero/web/venv3:
          omero_files.venv:
            - python: python3
            - requirements: [locked.txt, extra.txt]
    """
    folder = pathlib.Path(name)
    wanted, pip = _text(*(folder / each for each in requirements)), folder / "bin/pip"
    if wanted is not None and pip.exists() and wanted == _text(folder / "installed.txt"):
        return _ret(name, True, "All packages are installed")
    changes = {name: f"packages of {', '.join(requirements)}"}
    if __opts__["test"]:
        return _ret(name, None, "Packages would be installed", changes)
    try:
        if not pip.exists():
            _run("venv", [python, "-m", "venv", name])
        files = [word for each in requirements for word in ("-r", each)]
        quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_CONFIG_FILE": str(folder / "pip.conf")}
        _run("pip", [str(pip), "install", "--quiet", *files], cwd=name, env=quiet, timeout=timeout)
        (folder / "installed.txt").write_text(wanted or "", encoding="utf-8")
    except (CommandExecutionError, OSError) as exc:
        return _ret(name, False, str(exc))
    return _ret(name, True, "Packages were installed", changes)


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


def certificate(name, key, host, user, days_valid=3650, days_remaining=90):
    """
    A certificate signed by its own key, both readable by a system user. Clients of OMERO do not verify it.

    :param name: path of the certificate, ``key`` of its private key
    :param host: the name that it is for
    :param days_valid: of a new one
    :param days_remaining: with fewer left it is made anew

    .. code-block:: yaml

        /opt/omero/server/certificates/server.pem:
          omero_files.certificate:
            - key: /opt/omero/server/certificates/server.key
            - host: idr-local-omeroreadwrite
            - user: omero-server
    """
    reason = omero_certificate.wrong(name, key, host, days_remaining)
    if reason is None:
        return _ret(name, True, "The certificate serves")
    if __opts__["test"]:
        return _ret(name, None, f"Would be made: {reason}", {name: reason})
    try:
        owner = pwd.getpwnam(user)
        text = __salt__["x509.create_private_key"](keysize=3072)
        _own(key, text, owner, 0o600)
        made = __salt__["x509.create_certificate"](
            signing_private_key=key, CN=host, O="OMERO.server", subjectAltName=f"DNS:{host}", days_valid=days_valid
        )
        _own(name, made, owner, 0o644)
    except (CommandExecutionError, KeyError, OSError) as exc:
        return _ret(name, False, str(exc))
    return _ret(name, True, f"Made: {reason}", {name: reason})


def _own(path, text, owner, mode):
    """Replace a file; it has its owner and mode before it has its content."""
    fresh = f"{path}.new"
    pathlib.Path(fresh).unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        os.chown(fresh, owner.pw_uid, owner.pw_gid)
        os.chmod(fresh, mode)
        file.write(text)
    os.replace(fresh, path)
