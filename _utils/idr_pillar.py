"""
The pillar of hosts as the master compiles it, and all that is wrong with it.

The answer for what depends on other hosts is kept until a file of the checkout's pillar or maps changes: the check runs
each time that a host asks for its pillar.
"""

import pathlib

import idr_check
import idr_cross
import idr_firewall
import idr_ids
import idr_keys
import idr_maps
import idr_secrets
import salt.pillar
import salt.template
import salt.utils.data
import salt.utils.minions
import yaml
from salt.exceptions import SaltRenderError

# The name of our external pillar, which calls what is here and must not be called by it.
EXTERNAL = "idr_schema"

_KEPT: dict = {}


def root(opts):
    """
    The checkout's pillar among the pillar roots that the master may have.

    :raises ValueError: none of them has a folder ``schemas``
    """
    roots = [pathlib.Path(one) for one in opts["pillar_roots"]["base"]]
    for one in roots:
        if (one / "schemas").is_dir():
            return one
    raise ValueError(f"pillar_roots: expected one with a folder schemas, found {', '.join(map(str, roots))}")


def compiler(opts, host):
    """
    Salt's compiler for the pillar of a host, without this check.
    """
    grains = salt.utils.minions.get_minion_data(host, opts)[1]
    quiet = {**opts, "exclude_ext_pillar": [*opts.get("exclude_ext_pillar", []), EXTERNAL]}
    return salt.pillar.Pillar(quiet, grains or {"id": host}, host, "base")


def secrets(opts, environment):
    """
    Make the random secrets that an environment does not have yet, those of OMERO's users in its pillar included.

    :param opts: options of the master
    :param environment: name of the environment
    :returns: ``{"made": [...], "kept": [...]}``, names and never values
    :raises ValueError: as :func:`idr_secrets.make`, or the pillar has a wrong key for a password
    """
    folder = root(opts) / "secrets"
    told = idr_secrets.make(folder, environment)
    # pillar only compiles with the secrets that every environment has
    data = compiler(opts, f"{environment}-omeroreadwrite").compile_pillar()
    users = idr_secrets.of_users(data)
    again = idr_secrets.make(folder, environment, users) if users else {"made": []}
    return {"made": sorted([*told["made"], *again["made"]]), "kept": told["kept"]}


def firewall(opts, host):
    """
    Who may connect to a host, by its pillar; also while it has no secrets yet, or something else in it is wrong.

    :param opts: options of the master
    :param host: minion id
    :returns: ``{"id": str, "services": as idr_firewall.services() returns it, "operators": [CIDR, ...]}``
    :raises ValueError: its pillar does not render, or its key ``firewall`` is wrong; names the host and the key
    """
    pillar = compiler(opts, host).compile_pillar()
    parsed = idr_ids.parse(host)
    secrets = f"Specified SLS 'secrets.{parsed['environment']}."
    errors = [str(line) for line in pillar.get("_errors", ()) if not str(line).startswith(secrets)]
    found = {"firewall": pillar.get("firewall")}
    wrong_ones = [] if errors else idr_check.errors(found, {"firewall": _schemas(root(opts))["firewall"]})
    errors += [f"{':'.join(one['path'])}: expected {one['expected']}, found {one['found']}" for one in wrong_ones]
    if errors:
        raise ValueError(f"{host}: {'; '.join(errors)}")

    def get(key):
        return salt.utils.data.traverse_dict_and_list(pillar, key)

    try:
        services = idr_firewall.services(pillar["firewall"]["services"], get)
        operators = idr_firewall.operators(pillar["firewall"]["operators"])
    except ValueError as exc:
        raise ValueError(f"{host}: {exc}") from exc
    return {"id": host, "services": services, "operators": operators}


def wrong(opts, host, data, pillars=None):
    """
    What is wrong with the pillar of a host.

    :param opts: options of the master
    :param host: minion id
    :param data: its compiled pillar
    :param pillars: ``{host: compiled pillar}`` of its environment if the caller has them
    :returns: list of lines with the path of a key, the file that it comes from, what was expected, what was found
    """
    try:
        place = root(opts)
        found = [
            *idr_check.errors(data, _schemas(place)),
            *idr_cross.within(data, idr_maps.volumes(place.parent, host), _memory(opts, place, host)),
            *_among_networks(place, host),
            *_among_hosts(opts, place, host, data, pillars),
        ]
    except ValueError as exc:
        return [str(exc)]
    if not found:
        return []
    compiled = _by_sls(compiler(opts, host))
    return [_line(place, host, one, compiled) for one in idr_check.ordered(found)]


def _memory(opts, place, host):
    file = opts.get("conf_file")
    return idr_maps.memory(place.parent, host, pathlib.Path(file).parent if file else None)


def _line(place, host, error, compiled):
    path = ":".join(error["path"]) or "the pillar"
    return f"{path} (from {_file(place, host, error, compiled)}): expected {error['expected']}, found {error['found']}"


def _file(place, host, error, compiled):
    if error["path"] == ["environment", "network"]:
        return place / "env" / idr_ids.parse(host)["environment"] / "environment.yaml"
    sls = idr_check.source(error["path"], compiled)
    if not sls:
        return place
    where = place / f"{sls.replace('.', '/')}.sls"
    return where if where.exists() else where.with_suffix("") / "init.sls"


def _among_networks(place, host):
    return idr_cross.networks(_environments(place), idr_ids.parse(host)["environment"])


def network(place, environment):
    """
    Return the network of an environment as its ``environment.yaml`` says, or None.

    :param place: folder of the pillar
    :raises ValueError: a file cannot be read
    """
    return _environments(place).get(environment, {}).get("network")


def _environments(place):
    files = sorted(place.glob("env/*/environment.yaml"))
    return _kept(("environments", place), files, lambda: {path.parent.name: _read(path) for path in files})


def _read(path):
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as exc:
        raise ValueError(f"{path}: {exc}") from None
    if not isinstance(data, dict):
        raise ValueError(f"{path}: expected the key network, found {type(data).__name__}")
    return data


def _among_hosts(opts, place, host, data, pillars):
    """Only the database's pillar has a limit that other hosts' pillars have to fit in."""
    if pillars is not None:
        return idr_cross.connections(pillars).get(host, []) + shared(pillars).get(host, [])
    if "database" not in (data.get("roles") or ()):
        return []
    environment = idr_ids.parse(host)["environment"]
    return _kept(
        ("connections", place, host),
        [*place.rglob("*"), *place.parent.glob("*.map"), pathlib.Path(opts["pki_dir"], "minions")],
        lambda: idr_cross.connections(compiled(opts, place, environment)).get(host, []),
    )


def hosts(opts, place, environment):
    """
    All hosts of an environment: those of the maps, made or not, and those whose keys are accepted.

    :raises ValueError: no map has the environment
    """
    known = {*idr_maps.hosts(place.parent, environment), *idr_keys.accepted(opts, environment)}
    return idr_keys.of_environment(known, environment)


def compiled(opts, place, environment):
    """
    Pillars of all hosts of an environment, errors and all.
    """
    return {host: compiler(opts, host).compile_pillar() for host in hosts(opts, place, environment)}


def shared(pillars):
    """
    Secrets that differ between hosts of an environment which must have the same.
    """
    return idr_cross.shared_secrets(pillars, lambda host: pillars[host].get("roles") or [])


def _schemas(place):
    return _kept(("schemas", place), sorted(place.glob("schemas/*.json")), lambda: idr_check.schemas(place / "schemas"))


def _kept(key, files, make):
    seen = [(path, *_stamp(path)) for path in files]
    if key not in _KEPT or _KEPT[key][0] != seen:
        _KEPT[key] = (seen, make())
    return _KEPT[key][1]


def _stamp(path):
    try:
        found = path.stat()
    except FileNotFoundError:
        # An editor's lock, or a file that was there a moment ago.
        return ()
    return found.st_mtime_ns, found.st_size


def _by_sls(pillar):
    """What each SLS says by itself, in the order in which they are merged."""
    top, _ = pillar.get_top()
    found: dict = {}
    for saltenv, names in pillar.top_matches(top).items():
        for name in names:
            found.update(_in_order(pillar, saltenv, name, set()))
    return found


def _in_order(pillar, saltenv, sls, seen):
    """An SLS comes after what it includes, which comes one after the other: the last that says something wins."""
    path = pillar.client.get_state(sls, saltenv).get("dest")
    if sls in seen or not path:
        return
    seen.add(sls)
    opts = pillar.opts
    try:
        data = salt.template.compile_template(
            path, pillar.rend, opts["renderer"], opts["renderer_blacklist"], opts["renderer_whitelist"],
            saltenv, sls, _pillar_rend=True,
        )  # fmt: skip
    except SaltRenderError:
        # Salt itself has told of it
        return
    data = data if isinstance(data, dict) else {}
    for included in data.pop("include", ()):
        yield from _in_order(pillar, saltenv, included, seen)
    yield sls, data
