"""
From one release of OMERO.server to the next: what ``orch.upgrade`` puts in order.

An environment is worked on by one orchestration at a time, on its master.
"""

import idr_lock
import idr_releases
import idr_upgrade
import omero_wait
from idr_site import Site
from runner_errors import failed
from salt.exceptions import CommandExecutionError

__virtualname__ = "upgrade"

# Seconds for a state.apply of the read-write server: it may dump and patch a large database.
APPLY = 6 * 3600
# Seconds for the download of a release.
FETCH = 1800
HEALTHY = 300
# Seconds for a reconcile to be done.
PATIENCE = 30


def __virtual__():
    return __virtualname__


def plan(environment):
    """
    What an upgrade to the release in pillar has to do. Changes nothing.

    :param environment: name of the environment
    :returns: ``{"version": str, "hosts": {host: {"installed", "running", "error"}}, "front end": {server: status},
        "closed": bool, "readwrite": host or None, "readers": [host, ...], "needed": bool}``; or ``{"errors": [...],
        "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run upgrade.plan idr-local
    """
    try:
        site = Site(__opts__, environment)
        release = site.wanted()
        record = idr_releases.read(idr_releases.folder(__opts__), environment)
        sights, front = site.sights(), site.proxies()
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, str(exc))
    if record and record.get("databases") and idr_releases.same(record["to"], release):
        return failed(__context__, _way_back(environment, record, release))
    refused = idr_upgrade.newer(sights, release["version"])
    if refused:
        return failed(__context__, *refused, _way_back(environment, record, release))
    own = sights[site.hosts["readwrite"]]["error"]
    if own:
        return failed(__context__, own)
    left = idr_upgrade.steps(site.hosts, release, sights, front["status"], front["closed"])
    found = idr_upgrade.plan(site.hosts, release["version"], sights, front, left)
    return {**found, "needed": bool(left["readwrite"] or left["readers"])}


def _way_back(environment, record, release):
    back = idr_upgrade.BACK.format(environment)
    if record and record["to"]["version"] == release["version"]:
        return f"a rollback to {release['version']} is not done: run orch.rollback again"
    return f"put the newer one into pillar; or, {back}, with pillar as it was for the newer one"


def status(environment):
    """
    The release that pillar gives an environment, why, and what its hosts have.

    :returns: as :func:`plan`, and ``rolled back``: the record of a rollback that holds, or None; or ``{"errors": [...],
        "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run upgrade.status idr-local
    """
    try:
        site = Site(__opts__, environment)
        release = site.wanted()
        record = idr_releases.read(idr_releases.folder(__opts__), environment)
        holds = bool(record) and idr_releases.same(record["to"], release)
        return {
            "version": release["version"],
            "rolled back": record if holds else None,
            "hosts": site.sights(),
            **site.proxies(),
        }
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, str(exc))


def forget(environment):
    """
    Forget that an environment was rolled back: its hosts get again what pillar asks for, with the next
    ``state.apply`` or ``orch.upgrade``.

    :returns: ``{"forgotten": bool}``; or ``{"errors": [...], "retcode": 1}``, as while a rollback is not done

    CLI Example:

    .. code-block:: bash

        salt-run upgrade.forget idr-local
    """
    try:
        folder = idr_releases.folder(__opts__)
        if (idr_releases.read(folder, environment) or {}).get("databases"):
            raise ValueError(f"{environment}: expected a rollback that is done: run orch.rollback again")
        return {"forgotten": idr_releases.forget(folder, environment)}
    except (OSError, ValueError) as exc:
        return failed(__context__, str(exc))


def lock(environment, what="orch.upgrade"):
    """
    Keep other orchestrations off an environment until the process of this one ends.

    :param what: who has it, for the others
    :returns: ``{"locked": environment}``; or ``{"errors": [...], "retcode": 1}`` when another has it

    CLI Example:

    .. code-block:: bash

        salt-run upgrade.lock idr-local
    """
    try:
        idr_lock.take(idr_releases.folder(__opts__), environment, what, limit=PATIENCE)
    except (OSError, ValueError) as exc:
        return failed(__context__, str(exc))
    return {"locked": environment}


def fetch(environment):
    """
    Extract the release of pillar on all OMERO hosts that answer, beside the one that runs.

    :returns: ``{host: what omero.release_fetch returned}``; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run upgrade.fetch idr-local
    """
    try:
        site = Site(__opts__, environment)
        release = site.wanted()
        arguments = (release["version"], release["url"], release["sha256"])
        # A host that is silent now fails at its turn; one that has the version current replaces it at its turn.
        hosts = [
            host
            for host, sight in site.sights().items()
            if not sight["error"] and sight["installed"] != release["version"]
        ]
        return {host: site.minions.call(host, "omero.release_fetch", *arguments, limit=FETCH) for host in hosts}
    except (CommandExecutionError, ValueError) as exc:
        return failed(__context__, f"{exc}. Nothing was switched.")


def closed(environment, on):
    """
    Close (or open) the way to the read-write server: whoever comes by the proxies gets the maintenance page. The public
    site is not concerned.

    :param on: True or False
    :returns: ``{"closed": bool}``; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run upgrade.closed idr-local on=False
    """
    try:
        Site(__opts__, environment).close(on)
    except (CommandExecutionError, ValueError) as exc:
        return failed(__context__, str(exc))
    return {"closed": on}


def readwrite(environment, snapshot=None):
    """
    Apply the read-write server's states, which install the release and patch the schema, and prove the server.

    :param snapshot: id of a snapshot of the database that was taken, instead of a dump before a patch
    :returns: ``{"host": str, "version": str}``; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run upgrade.readwrite idr-local
    """
    try:
        site = Site(__opts__, environment)
        version = site.wanted()["version"]
        host = site.hosts["readwrite"]
        pillar = {"pillar": {"omero": {"backups": {"snapshot": snapshot}}}} if snapshot else {}
        site.minions.settle(host)
        site.minions.call(host, "state.apply", queue=True, limit=APPLY, **pillar)
        done, wrong = omero_wait.until(lambda: _proved(site, host, version), HEALTHY, interval=3)
        if not done:
            raise CommandExecutionError(f"{host}: not healthy within {HEALTHY} s: {wrong}")
    except (CommandExecutionError, ValueError) as exc:
        return failed(
            __context__,
            f"{exc}. The way to the read-write server stays closed, the read-only servers go on as they are. Mend it "
            f"and run this again; or, {idr_upgrade.BACK.format(environment)}",
        )
    return {"host": host, "version": version}


def _proved(site, host, version):
    try:
        wrong = idr_upgrade.unproved(site.looked(host), version, read_only=False)
    except CommandExecutionError as exc:
        wrong = str(exc)
    return not wrong, wrong
