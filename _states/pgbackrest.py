"""
Backups by pgBackRest: what the database host must have, and the certificates of both.
"""

import json
import os
import pathlib
import shutil

import idr_backup_tls
import idr_tls
import omero_wait
from salt.exceptions import CommandExecutionError
from state_returns import ret as _ret

__virtualname__ = "pgbackrest"

# Only the owner of the key may read it, or pgBackRest refuses it.
MODES = {"ca.pem": 0o644, "certificate.pem": 0o644, "key.pem": 0o600}


def __virtual__():
    return __virtualname__


def certified(name, secret, host_names, days=825, days_remaining=300, user="postgres"):
    """
    A folder has a key and a certificate of this host, and the certificate of the authority that follows from a secret,
    which the environment's other host of the kind knows as well.

    :param name: the folder
    :param secret: place of the secret in pillar
    :param host_names: of this host; the first is the one that the other host lets in
    :param days: for which a new certificate is valid
    :param days_remaining: with fewer left, it is made anew
    :param user: owner of the files

    .. code-block:: yaml

        /etc/pgbackrest/tls:
          pgbackrest.certified:
            - secret: secrets:pgbackrest:authority
            - host_names: [idr-local-database]
    """
    value = __salt__["pillar.get"](secret, unmask=True)
    if not isinstance(value, str) or not value:
        return _ret(name, False, f"Pillar has no {secret}: run salt-run idr.secrets for this environment")
    folder = pathlib.Path(name)
    why = _due(folder, value, host_names, days_remaining)
    if not why:
        return _ret(name, True, "The certificate serves")
    changes = {name: f"made, because {why}"}
    if __opts__["test"]:
        return _ret(name, None, f"Would be made: {why}", changes)
    environment = __salt__["pillar.get"]("environment:name", unmask=True)
    try:
        made = idr_backup_tls.made(value, environment, host_names, days)
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        for file, content in made.items():
            _write(folder / file, content, MODES[file], user)
    except (LookupError, OSError, ValueError) as exc:
        return _ret(name, False, str(exc))
    return _ret(name, True, "Certificate made", changes)


def _due(folder, secret, names, days):
    paths = [folder / file for file in ("certificate.pem", "key.pem", "ca.pem")]
    why = idr_tls.due(*map(str, paths), names, days)
    if why:
        return why
    return None if idr_backup_tls.is_of(paths[2].read_bytes(), secret) else "the secret is another one"


def _write(path, content, mode, user):
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as stream:
        os.fchmod(handle, mode)
        stream.write(content)
    shutil.chown(temporary, user, user)
    temporary.replace(path)


def owned(name):
    """
    The volume of this host's cluster says that it is the environment's. One that says it is another's is a clone, and
    gets a stanza of its own.

    :param name: any name

    .. code-block:: yaml

        pgbackrest-owned:
          pgbackrest.owned: []
    """
    try:
        old, new = __salt__["pgbackrest.marked"](), __salt__["pgbackrest.owned"]()
        if old == new:
            return _ret(name, True, f"Stanza {new['stanza']}")
        changes = {"stanza": {"old": old and old["stanza"], "new": new["stanza"]}}
        if __opts__["test"]:
            return _ret(name, None, f"Stanza would be {new['stanza']}", changes)
        path = pathlib.Path(__salt__["pgbackrest.mark"]())
        _write(path, f"{json.dumps(new)}\n".encode(), 0o644, "root")
    except (CommandExecutionError, OSError) as exc:
        return _ret(name, False, str(exc))
    return _ret(name, True, f"Stanza {new['stanza']}", changes)


def published(name, timeout=60):
    """
    The mine says of this host's cluster what the management host has to know.

    :param name: any name
    :param timeout: seconds until the mine has to have it

    .. code-block:: yaml

        pgbackrest-published:
          pgbackrest.published: []
    """
    known = _published()
    found = __salt__["pgbackrest.cluster"]()
    if found and known == found:
        return _ret(name, True, "The mine knows the cluster")
    if __opts__["test"]:
        return _ret(name, None, "The mine would be told of the cluster", {"cluster": {"old": known, "new": found}})
    if not found:
        return _ret(name, False, "There is no cluster whose WAL is archived")

    def told():
        __salt__["mine.update"]()
        return _published() == found, None

    done, _ = omero_wait.until(told, timeout)
    if not done:
        return _ret(name, False, f"The mine does not take the cluster within {timeout} s")
    return _ret(name, True, "The mine knows the cluster", {"cluster": {"old": known, "new": found}})


def _published():
    own = __opts__["id"]
    return __salt__["mine.get"](f"{own}$", "pgbackrest", tgt_type="pcre").get(own)
