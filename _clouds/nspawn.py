"""
Salt Cloud driver for one Linux machine: hosts are systemd-nspawn containers
=============================================================================

Every host has systemd as its first process, an overlay over a shared image as its root, an address of its own on a
bridge, and volumes as loop devices on sparse files. Everything lives in the mount and network namespaces that
``salt-cloud`` itself runs in, which therefore need the bridge and the pool; the driver needs root and
systemd-container. It works with and without systemd as the machine's first process.

.. code-block:: yaml

    # cloud.providers.d/local.conf
    local:
      driver: nspawn
      state_dir: /srv/idr/.local/cloud     # layers, records, and the hosts file "hosts"
      pool: /srv/idr/.local/pool           # volumes and snapshots; XFS or btrfs for clones and snapshots
      images: /srv/cache/images   # one root folder per image
      bridge: br0
      subnet: 10.99.0.0/24
      gateway: 10.99.0.1
      sizes: {m1.small: {ram: 1024, cpus: 1}}    # ram in MB
      boot_timeout: 180                    # seconds, as is
      stop_timeout: 60
      reserve: 1                           # GB of the pool that have to be free for one more volume or snapshot, as is
      minion: {master: 10.99.0.1}
      shares:                              # what stands for NFS: these hosts get that volume as well
        - {hosts: '(?P<environment>.+)-omeroreadonly', volume: '{environment}-omeroreadwrite-data'}
      floating_ips: {site: x-proxy}        # what stands for them: a name in the hosts file, and where it leads first

    # cloud.profiles.d/*.conf; the map may override any of it per host
    database:
      provider: local
      image: debian-12
      size: m1.small
      volumes:
        - {name: db, size: 10}                     # GB
        - {name: data, snapshot: NAME}             # a clone, also of a volume: ``source: NAME``
        - {name: scratch, size: 1, delete_on_termination: true}

A profile's volume is called ``<host>-<name>`` in the cloud and stays when its host is destroyed, unless it says
``delete_on_termination``. A host made again under the same name gets it back, extended if the profile now wants more.
In the host the device is ``/dev/disk/by-id/virtio-<first 20 characters of its id>``; the minion's grain ``volumes``
maps the profile's names to these paths.

A volume of ``shares`` is the very same device in all its hosts, so they may mount it at the same time; a host gets it
whether it is made before or after the volume's owner, and keeps it while the owner is stopped or gone.

A host whose creation was cut short is in the state ``error``; ``-Q`` shows it, ``-d`` removes it, and running the map
or profile again makes it anew.
"""

import functools
import logging
import subprocess
from pathlib import Path

import cloud_calls
import cloud_volumes
import nspawn_cloud
import nspawn_config
import nspawn_files
import nspawn_process
import salt.cloud
import salt.config as config
import salt.utils.cloud
import salt.utils.dictupdate
import salt.utils.files
from cloud_errors import CloudError
from salt.exceptions import SaltCloudSystemExit

log = logging.getLogger(__name__)

__virtualname__ = "nspawn"


def __virtual__():
    """Load when a provider with ``driver: nspawn`` is configured."""
    return __virtualname__ if get_configured_provider() is not False else False


def _get_active_provider_name():
    try:
        return __active_provider_name__.value()
    except AttributeError:
        return __active_provider_name__


def get_configured_provider():
    """Return the first configured provider of this driver, or False."""
    return config.is_provider_configured(
        __opts__, _get_active_provider_name() or __virtualname__, nspawn_config.REQUIRED
    )


_in_plain_words = cloud_calls.in_plain_words(
    lambda exc: str(exc) if isinstance(exc, (CloudError, OSError, subprocess.SubprocessError)) else None
)


def _cloud():
    details = get_configured_provider()
    if details is False:
        raise CloudError("no provider with driver nspawn is configured")
    alias = (_get_active_provider_name() or __virtualname__).split(":")[0]
    return nspawn_cloud.Cloud(nspawn_config.provider(details, alias))


@_in_plain_words
def avail_images(call=None):
    """
    Return the images: ``{name: {id, name, os}}``.

    .. code-block:: bash

        salt-cloud --list-images local
    """
    cloud_calls.only("function", call, "avail_images")
    return {name: {"id": name, "name": name, "os": _os_name(path)} for name, path in _cloud().images().items()}


def _os_name(image):
    for line in (image / "usr/lib/os-release").read_text(encoding="utf-8").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.split("=", 1)[1].strip().strip('"')
    return ""


@_in_plain_words
def avail_sizes(call=None):
    """
    Return the sizes: ``{name: {id, name, ram, cpus}}``, ram in MB.

    .. code-block:: bash

        salt-cloud --list-sizes local
    """
    cloud_calls.only("function", call, "avail_sizes")
    return {name: {"id": name, "name": name, **size} for name, size in _cloud().settings.sizes.items()}


def avail_locations(call=None):
    """
    Return the one location there is, this machine.

    .. code-block:: bash

        salt-cloud --list-locations local
    """
    cloud_calls.only("function", call, "avail_locations")
    return {"localhost": {"id": "localhost", "name": "localhost"}}


def _node(cloud, record):
    return {
        "id": record["id"],
        "name": record["name"],
        "image": record["image"],
        "size": record["size"],
        "state": cloud.state(record),
        "private_ips": [record["address"]],
        "public_ips": [],
    }


def _node_full(cloud, record):
    run = nspawn_process.status(cloud.hosts.folder(record["name"])) or {}
    volumes = [_volume(cloud, volume) for volume in cloud.volumes_of(record["name"])]
    keys = ("profile", "provider", "created_at", "machine_id", "minion_id")
    details = {key: record[key] for key in keys} | {"driver": __virtualname__, "pid": run.get("leader")}
    limits = _limits(record, run) if run else {}
    return _node(cloud, record) | details | {"limits": limits, "volumes": volumes}


def _limits(record, run):
    """Return in words which of the size's limits the kernel enforces."""
    found = run.get("limits", {})
    return {
        "memory": f"{record['ram']} MB" if found.get("memory") else "not limited: no memory controller for this host",
        "cpus": f"{record['cpus']:g}" if found.get("cpus") else "not limited: no cpu controller for this host",
    }


@_in_plain_words
def list_nodes(call=None):
    """
    Return the hosts with their usual few fields.

    .. code-block:: bash

        salt-cloud -Q
    """
    cloud_calls.only("function", call, "list_nodes")
    cloud = _cloud()
    return {name: _node(cloud, record) for name, record in cloud.hosts.all().items()}


@_in_plain_words
def list_nodes_full(call=None):
    """
    Return the hosts with everything that is known of them.

    .. code-block:: bash

        salt-cloud -F
    """
    cloud_calls.only("function", call, "list_nodes_full")
    cloud = _cloud()
    return {name: _node_full(cloud, record) for name, record in cloud.hosts.all().items()}


@_in_plain_words
def list_nodes_min(call=None):
    """
    Return names and states only.

    Salt Cloud asks this to see which hosts of a map exist. One whose creation was cut short does not count then, so
    that it is made again; it does count for ``-d`` and ``-a``.

    .. code-block:: bash

        salt-cloud -f list_nodes_min local
    """
    cloud_calls.only("function", call, "list_nodes_min")
    cloud = _cloud()
    states = {name: cloud.state(record) for name, record in cloud.hosts.all().items()}
    all_count = __opts__.get("destroy") or __opts__.get("action")
    return {name: {"state": state} for name, state in states.items() if all_count or state != "error"}


def list_nodes_select(call=None):
    """
    Return the hosts with the fields of the option ``query.selection``.

    .. code-block:: bash

        salt-cloud -S
    """
    selection = __opts__.get("query.selection", ["id", "state", "private_ips"])
    return salt.utils.cloud.list_nodes_select(list_nodes_full("function"), selection, call)


@_in_plain_words
def show_instance(name, call=None):
    """
    Return everything that is known of one host.

    .. code-block:: bash

        salt-cloud -a show_instance HOST
    """
    cloud_calls.only("action", call, "show_instance")
    cloud = _cloud()
    record = cloud.hosts.load(name)
    if record is None:
        raise CloudError(f"{name}: there is no such host")
    return _node_full(cloud, record)


def _fire(name, event, message, args):
    __utils__["cloud.fire_event"](
        "event",
        message,
        f"salt/cloud/{name}/{event}",
        args=args,
        sock_dir=__opts__["sock_dir"],
        transport=__opts__["transport"],
    )


def _about(event, vm_):
    return __utils__["cloud.filter_event"](event, vm_, ["name", "profile", "provider", "driver"])


@_in_plain_words
def create(vm_):
    """
    Make a host from a profile: volumes, root, minion configuration and keys, then its first boot.

    Returns what ``show_instance`` shows. After an error nothing of the host is left, not even its key on the master.

    .. code-block:: bash

        salt-cloud -p PROFILE HOST
    """
    cloud = _cloud()
    try:
        _fire(vm_["name"], "creating", "starting create", _about("creating", vm_))
        spec = cloud.check(vm_)
        _check_rest_of_map(cloud, vm_)
        minion = salt.utils.cloud.minion_config(__opts__, vm_)
        # The kernel shows a host all of this machine's memory, whatever its limit.
        minion["grains"]["memory"] = spec.ram
        request = {"name": spec.name, "image": spec.image, "size": spec.size}
        request["volumes"] = [volume.name for volume in spec.volumes]
        _fire(spec.name, "requesting", "requesting instance", {"kwargs": request})
        provenance = {
            "profile": vm_.get("profile"),
            "provider": vm_["provider"],
            "minion_id": _minion_id(vm_),
            "pub_key": vm_.get("pub_key"),
        }
        record = cloud.create(spec, provenance, functools.partial(_minion_files, vm_, minion))
    except BaseException:
        _withdraw_key(cloud, vm_)
        raise
    node = _node_full(cloud, record)
    for what, limit in node["limits"].items():
        if limit.startswith("not limited"):
            log.warning("%s: %s %s", spec.name, what, limit)
    _fire(spec.name, "created", "created instance", _about("created", vm_))
    return node


def _check_rest_of_map(cloud, vm_):
    """
    Refuse the host for what is wrong with any other of its map that is still to be made.

    Salt Cloud hands a driver one host at a time: without this a wrong line would be found when the others are there.
    """
    if not __opts__.get("map"):
        return
    for profile, hosts in salt.cloud.Map(__opts__).rendered_map.items():
        if profile not in __opts__["profiles"]:
            raise CloudError(f"{__opts__['map']}: {profile}: expected one of {', '.join(sorted(__opts__['profiles']))}")
        for name, overrides in hosts.items():
            other = salt.utils.dictupdate.merge(__opts__["profiles"][profile], overrides)
            if other["provider"] == vm_["provider"] and name != vm_["name"] and cloud.hosts.load(name) is None:
                cloud.check(salt.utils.dictupdate.merge(get_configured_provider(), other) | {"profile": profile})


def _minion_id(vm_):
    minion = config.get_cloud_config_value("minion", vm_, __opts__, default={})
    name = minion.get("id", vm_["name"])
    return f"{name}.{minion['append_domain']}" if "append_domain" in minion else name


def _minion_files(vm_, minion, volumes):
    if not vm_.get("priv_key"):
        return nspawn_files.no_minion()
    if __opts__.get("enable_cloud_grains", True):
        origin = {"driver": __virtualname__, "provider": vm_["provider"], "profile": vm_.get("profile")}
        minion["grains"]["salt-cloud"] = origin
    minion["grains"]["volumes"] = volumes
    return nspawn_files.minion(
        salt.utils.cloud.salt_config_to_yaml(minion), vm_["priv_key"], vm_["pub_key"], _master_key()
    )


def _master_key():
    try:
        return Path(__opts__["pki_dir"], "master.pub").read_text(encoding="utf-8")
    except OSError as exc:
        log.info("The minion will accept any master at first, as the master's key cannot be read: %s", exc)
        return None


def _withdraw_key(cloud, vm_):
    """Take back the key that Salt Cloud accepted for the host we failed to make; a living host gets its own back."""
    if not vm_.get("pub_key"):
        return
    path = Path(__opts__["pki_dir"], "minions", _minion_id(vm_))
    try:
        if path.read_text(encoding="utf-8") != vm_["pub_key"]:
            return
        living = cloud.hosts.load(vm_["name"])
        if living and living.get("pub_key"):
            path.write_text(living["pub_key"], encoding="utf-8")
        else:
            path.unlink()
    except (OSError, CloudError) as exc:
        log.warning("The key %s on the master could not be withdrawn: %s", path.name, exc)


@_in_plain_words
def destroy(name, call=None):
    """
    Remove a host, whole or half made, with those of its volumes that are marked ``delete_on_termination``.

    .. code-block:: bash

        salt-cloud -d HOST
        salt-cloud -m X.map -d
    """
    if call == "function":
        raise SaltCloudSystemExit("destroy must be called with -d, --destroy, -a or --action.")
    cloud = _cloud()
    _fire(name, "destroying", "destroying instance", {"name": name})
    kept = cloud.destroy(name)
    _fire(name, "destroyed", "destroyed instance", {"name": name})
    if __opts__.get("update_cachedir"):
        alias = _get_active_provider_name().split(":")[0]
        __utils__["cloud.delete_minion_cachedir"](name, alias, __opts__)
    return {"Destroyed": f"{name} was destroyed.", "volumes_kept": kept}


@_in_plain_words
def start(name, call=None):
    """
    Start a stopped host with its volumes.

    .. code-block:: bash

        salt-cloud -a start HOST
    """
    cloud_calls.only("action", call, "start")
    return "started" if _cloud().start(name) else "already running"


@_in_plain_words
def stop(name, call=None):
    """
    Shut a host down; after the provider's ``stop_timeout`` (seconds) it is killed.

    .. code-block:: bash

        salt-cloud -a stop HOST
    """
    cloud_calls.only("action", call, "stop")
    return "stopped" if _cloud().stop(name) else "already stopped"


@_in_plain_words
def reboot(name, call=None):
    """
    Reboot a running host and wait until it is up again.

    .. code-block:: bash

        salt-cloud -a reboot HOST
    """
    cloud_calls.only("action", call, "reboot")
    _cloud().reboot(name)
    return "rebooted"


def _volume(cloud, record):
    return {
        "id": record["id"],
        "name": record["name"],
        "size": record["size"],
        "status": "in-use" if record["attached_to"] else "available",
        "attached_to": record["attached_to"],
        "shared_with": cloud.sharers(record),
        "device": cloud_volumes.device_link(record["id"]) if record["attached_to"] else None,
        "host_device": cloud.device(record),
        "origin": record["origin"],
        "created_at": record["created_at"],
        "delete_on_termination": record["delete_on_termination"],
    }


def _snapshot(record):
    found = {key: record[key] for key in ("id", "name", "size", "created_at")}
    more = {"volume": record["origin"]["name"], "set": record.get("set"), "status": "available"}
    return found | more | {"metadata": record.get("metadata") or {}}


@_in_plain_words
def create_volume(kwargs=None, call=None):
    """
    Make a volume of ``size`` GB, empty or as a clone of a snapshot or volume (then ``size`` may be left out).

    .. code-block:: bash

        salt-cloud -f create_volume local name=data size=10
        salt-cloud -f create_volume local name=data2 snapshot=before-upgrade
        salt-cloud -f create_volume local name=data3 source=data size=20
    """
    given = cloud_calls.function("create_volume", call, kwargs, ("name",), ("size", "snapshot", "source"))
    return _create_volume("create_volume", given)


@_in_plain_words
def clone_volume(kwargs=None, call=None):
    """
    Make the volume ``name`` as a clone of the volume ``source`` or of a snapshot, at least as large.

    .. code-block:: bash

        salt-cloud -f clone_volume local name=copy source=data
        salt-cloud -f clone_volume local name=copy snapshot=before-upgrade size=20
    """
    given = cloud_calls.function("clone_volume", call, kwargs, ("name",), ("size", "snapshot", "source"))
    if "snapshot" not in given and "source" not in given:
        raise CloudError("clone_volume: expected source=VOLUME or snapshot=SNAPSHOT")
    return _create_volume("clone_volume", given)


def _create_volume(function, given):
    cloud = _cloud()
    name = cloud_volumes.resource_name(given["name"], f"{function}: name")
    if "snapshot" in given and "source" in given:
        raise CloudError(f"{function}: expected either snapshot or source, got both")
    size = None
    if "size" in given or not ("snapshot" in given or "source" in given):
        size = cloud_volumes.size_in_gb(given.get("size"), function)
    with cloud.pool.lock():
        origin = None
        if "snapshot" in given:
            origin = cloud.pool.find("snapshot", given["snapshot"], function)
            cloud_volumes.refuse_incomplete(origin["name"], origin.get("metadata"), function)
        elif "source" in given:
            origin = cloud.pool.find("volume", given["source"], function)
        if origin:
            size = cloud_volumes.clone_size(size, origin["size"], function)
        return _volume(cloud, cloud.pool.create(name, size, function, origin))


@_in_plain_words
def list_volumes(kwargs=None, call=None):
    """
    Return all volumes: ``{name: {id, size (GB), status, attached_to, device, ...}}``.

    .. code-block:: bash

        salt-cloud -f list_volumes local
    """
    cloud_calls.function("list_volumes", call, kwargs)
    cloud = _cloud()
    return {name: _volume(cloud, record) for name, record in cloud.pool.volumes().items()}


@_in_plain_words
def show_volume(kwargs=None, call=None):
    """
    Return one volume, by name or id.

    .. code-block:: bash

        salt-cloud -f show_volume local name=data
    """
    given = cloud_calls.function("show_volume", call, kwargs, ("name",))
    cloud = _cloud()
    return _volume(cloud, cloud.pool.find("volume", given["name"], "show_volume"))


@_in_plain_words
def extend_volume(kwargs=None, call=None):
    """
    Make a volume ``size`` GB large; a running host sees the new size at once. Filesystems grow by their own tools.

    .. code-block:: bash

        salt-cloud -f extend_volume local name=data size=20
    """
    given = cloud_calls.function("extend_volume", call, kwargs, ("name", "size"))
    cloud = _cloud()
    size = cloud_volumes.size_in_gb(given["size"], "extend_volume")
    return _volume(cloud, cloud.extend_volume(given["name"], size))


@_in_plain_words
def delete_volume(kwargs=None, call=None):
    """
    Delete a volume that no host has.

    .. code-block:: bash

        salt-cloud -f delete_volume local name=data
    """
    given = cloud_calls.function("delete_volume", call, kwargs, ("name",))
    return {"deleted": _cloud().delete_volume(given["name"])["name"]}


@_in_plain_words
def create_snapshot(kwargs=None, call=None):
    """
    Make the snapshot ``name`` of a volume. Of a mounted volume it holds what a power cut would have left.

    .. code-block:: bash

        salt-cloud -f create_snapshot local name=before-upgrade volume=data
    """
    given = cloud_calls.function("create_snapshot", call, kwargs, ("name", "volume"))
    name = cloud_volumes.resource_name(given["name"], "create_snapshot: name")
    cloud = _cloud()
    with cloud.pool.lock():
        volume = cloud.pool.find("volume", given["volume"], "create_snapshot")
        return _snapshot(cloud.pool.snapshot(name, volume, "create_snapshot"))


@_in_plain_words
def create_snapshots(kwargs=None, call=None):
    """
    Make snapshots of several volumes at the same time, called ``<set>-<volume>``; all of them, or none. With ``keep``
    those that are made stay where others are refused, which then are ``{name: {error}}`` in the answer.

    .. code-block:: bash

        salt-cloud -f create_snapshots local set=before-upgrade volumes=idr-local-database-db,idr-local-management-data
    """
    given = cloud_calls.function("create_snapshots", call, kwargs, ("set", "volumes"), ("metadata", "keep"))
    volumes = cloud_volumes.names(given["volumes"], "create_snapshots: volumes")
    wanted = {cloud_volumes.resource_name(f"{given['set']}-{each}", "create_snapshots: name"): each for each in volumes}
    metadata = cloud_volumes.metadata(given.get("metadata", {}), "create_snapshots: metadata")
    cloud = _cloud()
    made, refused = cloud.create_snapshots(wanted, given["set"], metadata, "create_snapshots")
    if refused and not given.get("keep"):
        cloud.delete_snapshots(made, "create_snapshots")
        raise CloudError("; ".join(f"{name}: {why}" for name, why in refused.items()))
    told = {name: _snapshot(record) for name, record in made.items()}
    return told | {name: {"error": why} for name, why in refused.items()}


@_in_plain_words
def tag_snapshots(kwargs=None, call=None):
    """
    Change some metadata of all snapshots of a set.

    .. code-block:: bash

        salt-cloud -f tag_snapshots local set=before-upgrade metadata='{"owner": "ome"}'
    """
    given = cloud_calls.function("tag_snapshots", call, kwargs, ("set", "metadata"))
    metadata = cloud_volumes.metadata(given["metadata"], "tag_snapshots: metadata")
    tagged = _cloud().tag_snapshots(given["set"], metadata, "tag_snapshots")
    return {name: _snapshot(record) for name, record in tagged.items()}


@_in_plain_words
def list_snapshots(kwargs=None, call=None):
    """
    Return all snapshots, or those of one volume or set: ``{name: {id, size (GB), volume, set, created_at, ...}}``.

    .. code-block:: bash

        salt-cloud -f list_snapshots local [volume=data] [set=before-upgrade]
    """
    given = cloud_calls.function("list_snapshots", call, kwargs, (), ("volume", "set"))
    found = {name: _snapshot(record) for name, record in _cloud().pool.snapshots().items()}
    return {name: each for name, each in found.items() if all(each[key] == given[key] for key in given)}


@_in_plain_words
def show_snapshot(kwargs=None, call=None):
    """
    Return one snapshot, by name or id.

    .. code-block:: bash

        salt-cloud -f show_snapshot local name=before-upgrade
    """
    given = cloud_calls.function("show_snapshot", call, kwargs, ("name",))
    return _snapshot(_cloud().pool.find("snapshot", given["name"], "show_snapshot"))


@_in_plain_words
def delete_snapshot(kwargs=None, call=None):
    """
    Delete a snapshot; clones made from it stay. Nothing is protected here: ``protected`` is for other clouds.

    .. code-block:: bash

        salt-cloud -f delete_snapshot local name=before-upgrade
    """
    given = cloud_calls.function("delete_snapshot", call, kwargs, ("name",), ("protected",))
    cloud = _cloud()
    with cloud.pool.lock():
        record = cloud.pool.find("snapshot", given["name"], "delete_snapshot")
        cloud.pool.delete(record, "delete_snapshot")
    return {"deleted": record["name"]}


@_in_plain_words
def attach_volume(name, kwargs=None, call=None):
    """
    Give a host, running or stopped, a volume. It stays over reboots.

    .. code-block:: bash

        salt-cloud -a attach_volume HOST name=data
    """
    given = cloud_calls.action("attach_volume", call, kwargs, ("name",))
    return {"attached": given["name"], "device": _cloud().attach_volume(name, given["name"])}


@_in_plain_words
def detach_volume(name, kwargs=None, call=None):
    """
    Take a volume from a host, which must not have it mounted.

    .. code-block:: bash

        salt-cloud -a detach_volume HOST name=data
    """
    given = cloud_calls.action("detach_volume", call, kwargs, ("name",))
    _cloud().detach_volume(name, given["name"])
    return {"detached": given["name"]}


@_in_plain_words
def list_floating_ips(kwargs=None, call=None):
    """
    Return what stands for floating IPs: ``{name: {attached_to}}``, whose host may not be there.

    .. code-block:: bash

        salt-cloud -f list_floating_ips local
    """
    cloud_calls.function("list_floating_ips", call, kwargs)
    return {name: {"attached_to": host} for name, host in _cloud().addresses.all().items()}


@_in_plain_words
def swap_floating_ip(name, kwargs=None, call=None):
    """
    Exchange what stands for the floating IPs of two hosts, of which one may have none: new connections come to the
    other host, those that are open stay.

    .. code-block:: bash

        salt-cloud -a swap_floating_ip idr-local-proxy with=idr-local2-proxy
    """
    given = cloud_calls.action("swap_floating_ip", call, kwargs, ("with",))
    if given["with"] == name:
        raise CloudError(f"swap_floating_ip: with: expected another host than {name}")
    return _cloud().swap_addresses(name, given["with"])
