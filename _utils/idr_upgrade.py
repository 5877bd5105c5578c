"""
What an upgrade or a rollback of an environment has to do, decided from what its hosts are and should be.

A *sight* is what was seen of a host: ``{"installed": version or None, "sha256": of its archive, "running": version or
None, "error": str or None}``.
"""

import re

BACK = "to go back: salt-run state.orchestrate orch.rollback pillar='{{environment: {}}}'"


def order(version):
    """
    What versions are compared by: the numbers with which they begin.

    :param version: such as ``5.6.13`` or ``5.6.13-ice36``
    :returns: list of int
    """
    match = re.match(r"[0-9]+(?:\.[0-9]+)*", version or "")
    return [int(part) for part in match[0].split(".")] if match else []


def wanted(pillars):
    """
    The one release that an environment's OMERO hosts shall have.

    :param pillars: ``{host: release as idr_releases.of_pillar returns it}``
    :raises ValueError: they ask for different ones, or for none
    """
    missing = sorted(host for host, release in pillars.items() if not release)
    if missing:
        raise ValueError(f"{', '.join(missing)}: pillar omero:server:release: expected url and sha256, found none")
    versions: dict = {}
    for host, release in sorted(pillars.items()):
        versions.setdefault((release["version"], release["sha256"]), []).append(host)
    if len(versions) != 1:
        each = "; ".join(f"{version} for {', '.join(hosts)}" for (version, _), hosts in sorted(versions.items()))
        raise ValueError(f"pillar omero:server:version: expected one for all hosts, found {each or 'no hosts'}")
    return next(iter(pillars.values()))


def hosts(names, parse):
    """
    The hosts of an environment that take part.

    :param names: minion ids, ``parse`` what splits them
    :returns: ``{"readwrite": str, "readers": [...], "proxies": [...], "database": str}``
    :raises ValueError: there is not exactly one read-write server and one database, or no proxy
    """
    found: dict = {}
    for name in names:
        found.setdefault(parse(name)["role"], []).append(name)
    for role in ("omeroreadwrite", "database"):
        if len(found.get(role, [])) != 1:
            raise ValueError(f"expected one host of role {role}, found {', '.join(found.get(role, [])) or 'none'}")
    if not found.get("proxy"):
        raise ValueError("expected a host of role proxy, found none")
    return {
        "readwrite": found["omeroreadwrite"][0],
        "readers": found.get("omeroreadonly", []),
        "proxies": found["proxy"],
        "database": found["database"][0],
    }


def served(proxies):
    """
    How the read-only servers are seen by all proxies together: the first word that is not ``up`` counts.

    :param proxies: ``{proxy: what frontend.servers of it returned}``
    :returns: ``{server: status}``
    """
    found: dict = {}
    for servers in proxies.values():
        for name, said in servers.items():
            if found.get(name, "up") == "up":
                found[name] = said["status"]
    return found


def newer(sights, version):
    """
    Why an upgrade to a version is refused: one line for each host that has a newer one.
    """
    return [
        f"{host} has {sight['installed']}, which is newer than {version}: an upgrade never goes down"
        for host, sight in sorted(sights.items())
        if sight["installed"] and order(sight["installed"]) > order(version)
    ]


def steps(where, release, sights, status, closed):
    """
    What is left to do until all servers run a release.

    :param where: as :func:`hosts` returns it
    :param sights: ``{host: sight}`` of the OMERO hosts
    :param status: as :func:`served` returns it
    :param closed: whether the way to the read-write server is closed
    :returns: ``{"readwrite": bool, "readers": [those that need it, in their order]}``; readers that are out already
        come first, those that did not answer last
    """
    left = [name for name in where["readers"] if not right(sights[name], release) or status.get(name) != "up"]
    left.sort(key=lambda name: (bool(sights[name]["error"]), status.get(name) == "up"))
    return {"readwrite": closed or not right(sights[where["readwrite"]], release), "readers": left}


def plan(where, version, sights, front, left):
    """
    What a plan says of an upgrade as of a rollback.

    :param front: what the proxies say: ``{"status": ..., "closed": bool}``
    :param left: as :func:`steps` returns it
    :returns: ``{"version", "hosts", "front end", "closed", "readwrite": host or None, "readers", "alone": whether there
        is but one reader}``
    """
    return {
        "version": version,
        "hosts": sights,
        "front end": front["status"],
        "closed": front["closed"],
        "readwrite": where["readwrite"] if left["readwrite"] else None,
        "readers": left["readers"],
        "alone": len(where["readers"]) == 1,
    }


def right(sight, release):
    """
    Whether a server has a release, of the same archive, and runs it.
    """
    has = sight["installed"] == release["version"] and sight["sha256"] == release["sha256"]
    return has and not sight["error"] and runs(sight["running"], release["version"])


def runs(said, version):
    """
    Whether what a server says of its version can be that release: OMERO.server leaves out what follows its numbers.
    """
    return bool(order(said)) and order(said) == order(version)


def unproved(looked, version, read_only):
    """
    What a server says of itself that is not as it should be.

    :param looked: answer of ``omero.look``
    :param version: the one it must run; None for any
    :param read_only: what it must say of database and repository
    :returns: text, empty when all is well
    """
    wrong = []
    if version and not runs(looked.get("version"), version):
        wrong.append(f"expected version {version}, found {looked.get('version')}")
    for key in ("db", "repo"):
        if looked.get(key) is not read_only:
            wrong.append(f"expected read-only status of {key} to be {read_only}, found {looked.get(key)}")
    return "; ".join(wrong)
