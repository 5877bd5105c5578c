"""
A new environment from a set of snapshots, made and proved: part of the runner ``release``.
"""

import idr_lock
import idr_prepare
import idr_proof
import idr_release_log
import idr_releases
import idr_snapshots
from runner_errors import answered, failed, options
from salt.exceptions import CommandExecutionError

__virtualname__ = "release"

# Seconds for the new environment to serve once its states are applied.
PATIENCE = 300


def __virtual__():
    return __virtualname__


def prepare(environment, **kwargs):
    """
    Make an environment whose data are those of another one: a map with clones of a set of snapshots for volumes, what
    it needs of its cloud (``orch.infrastructure``, where its pillar has that), its hosts side by side, secrets of its
    own, all states, and the proof that it could be the public site. What was interrupted goes on with the same set when
    it is called again.

    :param environment: name of the new environment, which has its pillar already and no host. Its hosts are those of
        its map; where no map has it, those of the environment that is cloned
    :param from: the environment that is cloned, of which a set is taken first; or the id of a set
    :returns: ``{"environment": str, "set": id, "hosts": [...], "map": path}``; or ``{"errors": [...], "retcode": 1}``

    CLI Example:

    .. code-block:: bash

        salt-run release.prepare idr-next from=idr-prod
        salt-run release.prepare idr-next from=idr-prod-20250131-040000
    """
    try:
        origin = options("release.prepare", kwargs, required=("from",))["from"]
        folder, what = idr_releases.folder(__opts__), f"release.prepare {environment}"
        with idr_lock.holding(folder, f"{environment}.release", 0, what=what):
            preparation = idr_prepare.Preparation(__opts__, environment)
            set_id = _begin(preparation, environment, origin)
            return _prepared(preparation, environment, set_id)
    except (CommandExecutionError, OSError, ValueError) as exc:
        return failed(__context__, f"{exc}. What has been made is left as it is: run this again.")


def _begin(preparation, environment, origin):
    """The set, written down before anything is made of it."""
    known = idr_release_log.stands(idr_release_log.read(__opts__)).get(environment, {})
    state = known.get("state")
    if state == "preparing":
        if origin not in (known["from"], known["set"]):
            raise ValueError(f"{environment}: is being prepared from {known['set']}, expected from={known['set']}")
        return known["set"]
    if state not in (None, "retired"):
        raise ValueError(f"{environment}: is {state} since {known['since']}: expected a name that is not taken")
    preparation.refuse_taken()
    set_id, source = (origin, idr_snapshots.environment(origin)) if idr_prepare.is_set(origin) else (None, origin)
    if source == environment:
        raise ValueError(f"from: expected another environment than {environment}")
    if set_id is None:
        set_id = answered(__salt__["snapshot.create"](source))["id"]
    preparation.rendered(set_id)
    idr_release_log.append(__opts__, environment, "preparing", **{"set": set_id, "from": source})
    return set_id


def _prepared(preparation, environment, set_id):
    try:
        path, hosts = preparation.rendered(set_id)
        answered(__salt__["idr.secrets"](environment))
        answered(__salt__["idr.check"](environment))
        if preparation.has_infrastructure:
            _surrounded(environment)
        preparation.make(path)
        preparation.wait(hosts)
        _tell(environment, "made", hosts=hosts)
        preparation.apply(hosts)
        _tell(environment, "applied")
        idr_proof.Proof(__opts__, environment).require(PATIENCE)
    except (CommandExecutionError, OSError, ValueError) as exc:
        _tell(environment, "failed", error=str(exc))
        raise
    _tell(environment, "prepared", **{"set": set_id})
    return {"environment": environment, "set": set_id, "hosts": hosts, "map": str(path)}


def _surrounded(environment):
    """Networks, security groups and the like, as the map's hosts need them."""
    answer = __salt__["state.orchestrate"]("orch.infrastructure", pillar={"environment": environment})
    wrong = [why for told in answer["data"].values() for why in _failed(told)]
    if wrong or answer["retcode"]:
        raise ValueError(f"orch.infrastructure: {'; '.join(wrong) or 'failed'}")


def _failed(told):
    """What went wrong of an orchestration: errors of its rendering, or states that failed."""
    if not isinstance(told, dict):
        return map(str, told)
    return [state["comment"] for state in told.values() if state["result"] is not True]


def _tell(environment, step, **data):
    idr_release_log.append(__opts__, environment, step, **data)
