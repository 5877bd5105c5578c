"""
Environments as the master sees them.
"""

import pathlib

import idr_check
import idr_maps
import idr_secrets
import salt.pillar
import salt.utils.minions

__virtualname__ = "idr"


def __virtual__():
    return __virtualname__


def _pillar_root():
    """The checkout's pillar among the pillar roots that the master may have."""
    roots = [pathlib.Path(root) for root in __opts__["pillar_roots"]["base"]]
    for root in roots:
        if (root / "schemas").is_dir():
            return root
    raise ValueError(f"pillar_roots: expected one with a folder schemas, found {', '.join(map(str, roots))}")


def secrets(environment):
    """
    Make the random secrets that an environment does not have yet.

    :param environment: name of the environment
    :returns: ``{"made": [...], "kept": [...]}``, names and never values; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run idr.secrets idr-local
    """
    try:
        return idr_secrets.make(_pillar_root() / "secrets", environment)
    except (OSError, ValueError) as exc:
        return _failed(str(exc))


def check(environment):
    """
    Compile the pillar of each host that the maps give an environment, and hold it against the schemas.

    :param environment: name of the environment
    :returns: ``{"hosts": [...], "errors": [...]}``, an error being one line with host, key path, SLS and what was
        expected; with any, ``retcode`` 1 as well, with which ``salt-run`` ends

    CLI Example:

    .. code-block:: bash

        salt-run idr.check idr-local
    """
    try:
        root = _pillar_root()
        hosts = idr_maps.hosts(root.parent, environment)
        validators = idr_check.schemas(root / "schemas")
    except ValueError as exc:
        return _failed(str(exc))
    lines = [line for host in hosts for line in _check_host(host, validators)]
    if lines:
        return {**_failed(*lines), "hosts": hosts}
    return {"hosts": hosts, "errors": []}


def _failed(*lines):
    # Orchestrations look at the context, the command salt-run at the answer.
    __context__["retcode"] = 1
    return {"errors": list(lines), "retcode": 1}


def _check_host(host, validators):
    _, grains, _ = salt.utils.minions.get_minion_data(host, __opts__)
    pillar = salt.pillar.Pillar(__opts__, grains or {"id": host}, host, "base")
    data = pillar.compile_pillar()
    if "_errors" in data:
        return [f"{host}: {error}" for error in data["_errors"]]
    found = idr_check.errors(data, validators)
    if not found:
        return []
    compiled = _by_sls(pillar)
    return [_line(host, error, idr_check.source(error["path"], compiled)) for error in found]


def _line(host, error, sls):
    where = _pillar_root()
    if sls:
        where = where / f"{sls.replace('.', '/')}.sls"
        where = where if where.exists() else where.with_suffix("") / "init.sls"
    path = ":".join(error["path"]) or "the pillar"
    return f"{host}: {path} (from {where}): expected {error['expected']}, found {error['found']}"


def _by_sls(pillar):
    """What each SLS says by itself, in the order in which they are merged."""
    top, _ = pillar.get_top()
    compiled = {}
    for saltenv, names in pillar.top_matches(top).items():
        for name in names:
            mods = {}
            pillar.render_pstate(name, saltenv, mods)
            # An SLS comes before what it includes: what it says itself wins.
            compiled.update(reversed(mods.items()))
    return compiled
