"""
Salt Cloud driver for OpenStack, on openstacksdk alone
======================================================

Servers with their volumes, networks and floating IPs, made in parallel, checked before anything is made, and taken away
only where this driver made them. It needs the Python package openstacksdk and nothing else.

.. code-block:: yaml

    # cloud.providers.d/embassy.conf
    embassy:
      driver: openstack
      cloud: embassy           # an entry of clouds.yaml; or else auth: {auth_url: ..., ...}, auth_type, ...
      clouds_yaml: /etc/openstack/clouds.yaml    # only where it is at no usual place
      retries: 5               # of a request that fails for the moment: 429, 5xx, a lost connection
      api_timeout: 60          # seconds, as are the others: one request, and a pause that the cloud asks for,
      build_timeout: 600       # a server that starts, stops, is resized,
      volume_timeout: 600      # a volume that is made, attached, extended,
      clone_timeout: 21600     # a volume or snapshot that is copied,
      delete_timeout: 300      # whatever is deleted
      hosts: (?P<environment>.+)-(?P<role>[a-z]+)(-[0-9]+)?   # then names of networks, security groups and the like may
                               # say {environment} and {role}
      minion: {master: 192.0.2.10}

    # cloud.profiles.d/*.conf; the map may override any of it per host
    database:
      provider: embassy
      image: Debian 12         # names or ids, here and below; two of one name are an error
      size: m1.large
      networks:                # in the order of interfaces; left out: the only one there is
        - idr
        - {network: storage, fixed_ip: 10.0.0.5}
        - {port: idr-prod-database}
      security_groups: [idr-internal]
      server_group: idr-prod-database
      key_name: operator
      availability_zone: nova
      metadata: {owner: ome}
      config_drive: false
      userdata_file: /srv/salt/cloud-init.yaml   # or userdata: TEXT; with userdata_template: jinja it may use
                                                 # opts.priv_key, opts.pub_key and opts.grains.volumes
      volumes:
        - {name: db, size: 800, type: ssd}       # GB
        - {name: data, snapshot: NAME}           # a clone, also of a volume: ``source: NAME``
        - {name: scratch, size: 1, delete_on_termination: true}
      boot_volume: {size: 20}  # root on a volume; from the image, or snapshot: NAME, source: NAME
      floating_ip: true        # a new one; or {pool: NETWORK, network: idr, keep: true}, or {address: 198.51.100.7}
      protected: idr-prod      # to be destroyed only by who says this name, and not while it serves
      deploy: true             # by Salt Cloud over SSH: ssh_username, key_filename, ssh_interface, ...

A profile's volume is called ``<host>-<name>`` in the cloud and stays when its host is destroyed, unless it says
``delete_on_termination``. A host made again under the same name gets it back, extended if the profile now wants more.
In the host the device is ``/dev/disk/by-id/virtio-<first 20 characters of its id>``; the minion's grain ``volumes``
maps the profile's names to these paths.

A host whose creation was cut short is in the state ``error``; ``-Q`` shows it, ``-d`` removes it, and running the map
or profile again makes it anew. What was made carries metadata that begins with ``salt-cloud-``.
"""

import functools
import logging
import sys
import uuid
from pathlib import Path

import cloud_calls
import cloud_volumes
import openstack_addresses
import openstack_catalog
import openstack_cloud
import openstack_errors
import openstack_options
import openstack_quotas
import openstack_servers
import openstack_tags
import openstack_volumes
import salt.cloud
import salt.config as config
import salt.pillar
import salt.utils.cloud
import salt.utils.dictupdate
import salt.utils.files
import salt.utils.yaml
from cloud_errors import CloudError
from salt.exceptions import SaltCloudException, SaltCloudSystemExit

log = logging.getLogger(__name__)

__virtualname__ = "openstack"


def __virtual__():
    """Load when a provider with ``driver: openstack`` is configured."""
    return __virtualname__ if get_configured_provider() is not False else False


def _get_active_provider_name():
    try:
        return __active_provider_name__.value()
    except AttributeError:
        return __active_provider_name__


def get_configured_provider():
    """Return the first configured provider of this driver, or False."""
    return config.is_provider_configured(__opts__, _get_active_provider_name() or __virtualname__, ())


def _words(exc):
    if isinstance(exc, (CloudError, OSError)) or openstack_errors.is_clouds(exc):
        return openstack_errors.in_words(exc)
    return None


_in_plain_words = cloud_calls.in_plain_words(_words)


def _alias():
    return (_get_active_provider_name() or __virtualname__).split(":")[0]


def _cloud():
    details = get_configured_provider()
    if details is False:
        raise CloudError("no provider with driver openstack is configured")
    settings = openstack_options.provider(details, _alias())
    return openstack_cloud.Cloud(settings, Path(__opts__["cachedir"], "openstack", _alias()))


def _by_name(things, make):
    """Return ``{name: data}``; where several have one name, each under its name and id."""
    names = [thing.name for thing in things]
    return {
        thing.name if names.count(thing.name) == 1 else f"{thing.name} ({thing.id})": make(thing)
        for thing in sorted(things, key=lambda thing: (thing.name or "", thing.id))
    }


@_in_plain_words
def avail_images(call=None):
    """
    Return the images that can be booted: ``{name: {id, name, size (bytes), min_disk (GB), min_ram (MB), os}}``.

    .. code-block:: bash

        salt-cloud --list-images embassy
    """
    cloud_calls.only("function", call, "avail_images")
    return _by_name(
        _cloud().catalog.images(),
        lambda image: {
            "id": image.id,
            "name": image.name,
            "size": image.size,
            "min_disk": image.min_disk,
            "min_ram": image.min_ram,
            "os": image.os_distro,
        },
    )


@_in_plain_words
def avail_sizes(call=None):
    """
    Return the flavours: ``{name: {id, name, ram (MB), cpus, disk (GB)}}``.

    .. code-block:: bash

        salt-cloud --list-sizes embassy
    """
    cloud_calls.only("function", call, "avail_sizes")
    return _by_name(
        _cloud().catalog.flavors(),
        lambda flavor: {
            "id": flavor.id,
            "name": flavor.name,
            "ram": flavor.ram,
            "cpus": flavor.vcpus,
            "disk": flavor.disk,
        },
    )


@_in_plain_words
def avail_locations(call=None):
    """
    Return the availability zones: ``{name: {id, name, available}}``.

    .. code-block:: bash

        salt-cloud --list-locations embassy
    """
    cloud_calls.only("function", call, "avail_locations")
    zones = {zone.name: zone.state for zone in _cloud().catalog.zones()}
    return {name: {"id": name, "name": name, "available": bool(state["available"])} for name, state in zones.items()}


def _node(cloud, server, images, flavors, floating_ips=None):
    private, public = openstack_servers.addresses(server, floating_ips)
    image = (server.image or {}).get("id")
    return {
        "id": server.id,
        "name": server.name,
        "image": images.get(image, image),
        "size": openstack_servers.flavor_name(server, flavors),
        "state": cloud.state(server),
        "private_ips": private,
        "public_ips": public,
    }


def _node_full(cloud, server, images, flavors, volumes, floating_ips):
    marks = openstack_servers.marks(server)
    own = [volume for volume in volumes if server.id in openstack_volumes.attached_ids(volume)]
    details = {
        "driver": __virtualname__,
        "provider": marks.get("provider"),
        "profile": marks.get("profile"),
        "minion_id": marks.get("minion"),
        "protected": marks.get("protected"),
        "status": server.status,
        "task_state": server.task_state,
        "fault": (server.fault or {}).get("message"),
        "created_at": server.created_at,
        "availability_zone": server.availability_zone,
        "key_name": server.key_name,
        "security_groups": sorted({group["name"] for group in server.security_groups or ()}),
        "networks": {
            network: [entry["addr"] for entry in entries] for network, entries in (server.addresses or {}).items()
        },
        "metadata": openstack_tags.others(server.metadata),
        "volumes": [cloud.volumes.volume_data(volume) for volume in own],
    }
    return _node(cloud, server, images, flavors, floating_ips) | details


def _nodes(servers, make):
    """Return ``{name: node}``; several servers of one name are one node in the state ``duplicate``."""
    found = {}
    for server in sorted(servers, key=lambda server: (server.name, server.id)):
        node = make(server)
        if server.name in found:
            node = found[server.name] | {"id": f"{found[server.name]['id']}, {server.id}", "state": "duplicate"}
        found[server.name] = node
    return found


def _names(cloud, servers):
    """Return ``({image id: name}, {flavour id: name})``; flavours are asked for only where Nova does not tell them."""
    images = {image.id: image.name for image in cloud.catalog.images()}
    told = all((server.flavor or {}).get("original_name") for server in servers)
    return images, {} if told else {flavor.id: flavor.name for flavor in cloud.catalog.flavors()}


@_in_plain_words
def list_nodes(call=None):
    """
    Return the project's servers with their usual few fields.

    .. code-block:: bash

        salt-cloud -Q
    """
    cloud_calls.only("function", call, "list_nodes")
    cloud = _cloud()
    servers = cloud.servers.all()
    names = _names(cloud, servers)
    return _nodes(servers, lambda server: _node(cloud, server, *names))


@_in_plain_words
def list_nodes_full(call=None):
    """
    Return the project's servers with everything that is known of them.

    .. code-block:: bash

        salt-cloud -F
    """
    cloud_calls.only("function", call, "list_nodes_full")
    cloud = _cloud()
    servers = cloud.servers.all()
    names, volumes, floating = _names(cloud, servers), cloud.volumes.all(), cloud.addresses.by_server()
    cloud.volumes.know_servers({server.id: server.name for server in servers})
    return _nodes(servers, lambda server: _node_full(cloud, server, *names, volumes, floating.get(server.id, ())))


@_in_plain_words
def list_nodes_min(call=None):
    """
    Return names and states only.

    Salt Cloud asks this to see which hosts of a map exist. One whose creation was cut short does not count then, so
    that it is made again; it does count for ``-d`` and ``-a``.

    .. code-block:: bash

        salt-cloud -f list_nodes_min embassy
    """
    cloud_calls.only("function", call, "list_nodes_min")
    cloud = _cloud()
    nodes = _nodes(
        cloud.servers.all(),
        lambda server: {
            "id": server.id,
            "state": cloud.state(server),
            "half_made": openstack_servers.marks(server).get("state") == openstack_tags.BUILDING,
        },
    )
    all_count = __opts__.get("destroy") or __opts__.get("action")
    return {
        name: {"state": node["state"]}
        for name, node in nodes.items()
        if all_count or not (node["half_made"] and node["state"] == "error")
    }


def list_nodes_select(call=None):
    """
    Return the servers with the fields of the option ``query.selection``.

    .. code-block:: bash

        salt-cloud -S
    """
    selection = __opts__.get("query.selection", ["id", "state", "private_ips"])
    return salt.utils.cloud.list_nodes_select(list_nodes_full("function"), selection, call)


def _shown(cloud, server):
    cloud.volumes.know_servers({server.id: server.name})
    floating = cloud.addresses.by_server().get(server.id, ())
    return _node_full(cloud, server, *_names(cloud, [server]), cloud.volumes.all(), floating)


@_in_plain_words
def show_instance(name, call=None):
    """
    Return everything that is known of one server.

    .. code-block:: bash

        salt-cloud -a show_instance HOST
    """
    cloud_calls.only("action", call, "show_instance")
    cloud = _cloud()
    return _shown(cloud, cloud.servers.require(name))


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
    Make a host from a profile: volumes and server at the same time, then its addresses, then Salt on it.

    Returns what ``show_instance`` shows. After an error nothing is left of what this call made, not even the key on the
    master; what could not be removed is named.

    .. code-block:: bash

        salt-cloud -p PROFILE HOST
    """
    cloud = _cloud()
    try:
        _fire(vm_["name"], "creating", "starting create", _about("creating", vm_))
        quotas = openstack_quotas.ask(cloud.connected())
        known = cloud.known()
        spec, resolved = cloud.check(vm_, _main_keys(), known)
        vm_ = vm_ | openstack_options.named_by_host(vm_)
        text = _userdata_text(spec)
        _check_deploy(vm_, spec)
        hosts = [(spec, resolved), *_check_rest_of_map(cloud, vm_, known)]
        cloud.check_quotas(quotas, hosts, known)
        request = {"name": spec.name, "image": spec.image, "size": spec.size}
        request["volumes"] = [volume.name for volume in spec.volumes]
        _fire(spec.name, "requesting", "requesting instance", {"kwargs": request})
        provenance = {"profile": vm_.get("profile"), "minion": _minion_id(vm_)}
        server = cloud.create(
            spec,
            resolved,
            provenance,
            functools.partial(_userdata, vm_, text),
            functools.partial(_deploy, cloud, vm_),
        )
    except BaseException:
        _withdraw_key(cloud, vm_)
        raise
    _remember_key(cloud, vm_)
    _fire(spec.name, "created", "created instance", _about("created", vm_))
    return _shown(cloud, server)


def _main_keys():
    """Return the keys of Salt Cloud's main configuration file, which with ``-p`` are among the host's."""
    try:
        with salt.utils.files.fopen(__opts__["conf_file"], "r") as handle:
            return tuple(salt.utils.yaml.safe_load(handle) or ())
    except (KeyError, OSError):
        return ()


def _check_rest_of_map(cloud, vm_, known):
    """
    Refuse the host for what is wrong with any other of its map that is still to be made; return what these resolve to.

    Salt Cloud hands a driver one host at a time: without this a wrong line would be found when the others are there.
    """
    if not __opts__.get("map"):
        return []
    found, taken = [], cloud.taken()
    for profile, hosts in salt.cloud.Map(__opts__).rendered_map.items():
        if profile not in __opts__["profiles"]:
            raise CloudError(f"{__opts__['map']}: {profile}: expected one of {', '.join(sorted(__opts__['profiles']))}")
        for name, overrides in hosts.items():
            other = salt.utils.dictupdate.merge(__opts__["profiles"][profile], overrides)
            if other["provider"] == vm_["provider"] and name not in (vm_["name"], *taken):
                details = salt.utils.dictupdate.merge(get_configured_provider(), other)
                found += _check_other(cloud, details | {"name": name, "profile": profile}, known)
    return found


def _check_other(cloud, vm_, known):
    try:
        spec, resolved = cloud.check(vm_, (), known)
        _userdata_text(spec)
    except CloudError:
        # made by another process in the meantime, it may have what is then no longer free
        if vm_["name"] not in cloud.taken():
            raise
        return []
    return [(spec, resolved)]


def _setting(vm_, key, default=None):
    return config.get_cloud_config_value(key, vm_, __opts__, default=default)


def _userdata_text(spec):
    if not spec.userdata_file:
        return spec.userdata
    try:
        return Path(spec.userdata_file).read_text(encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise CloudError(f"{spec.where}: userdata_file: expected a text file: {exc}") from exc


def _check_deploy(vm_, spec):
    if not _setting(vm_, "deploy"):
        return
    interface = _setting(vm_, "ssh_interface", "public_ips")
    if interface not in ("private_ips", "public_ips"):
        raise CloudError(f"{spec.where}: ssh_interface: expected private_ips or public_ips, got {interface!r}")
    file = _setting(vm_, "key_filename")
    if file is not None and not Path(str(file)).is_file():
        raise CloudError(f"{spec.where}: key_filename: expected a file with the private key of key_name, got {file!r}")
    if file is None and not _setting(vm_, "password") and not __opts__.get("ssh_agent"):
        raise CloudError(
            f"{spec.where}: key_filename: expected the private key of key_name for SSH, or deploy: false with user data"
        )


def _userdata(vm_, text, volumes):
    if text is None:
        return None
    vm_ = _with_grains(vm_, volumes)
    return salt.utils.cloud.userdata_template(__opts__, vm_, text)


def _with_grains(vm_, volumes):
    return vm_ | {"grains": {**(vm_.get("grains") or {}), "volumes": volumes}}


def _deploy(cloud, vm_, server, volumes):
    """Bring Salt to a server over SSH, unless it is to bring it itself by its user data or image."""
    if not _setting(vm_, "deploy"):
        return
    private, public = openstack_servers.addresses(server, cloud.addresses.by_server().get(server.id, ()))
    interface = _setting(vm_, "ssh_interface", "public_ips")
    usable = {"private_ips": private, "public_ips": public}[interface]
    if not usable:
        raise CloudError(f"{server.name}: ssh_interface: it has none of the {interface} for SSH, expected one")
    vm_ = _with_grains(vm_, volumes) | {"ssh_host": usable[0], "salt_host": (private or public)[0]}
    try:
        done = __utils__["cloud.bootstrap"](vm_, __opts__)
    except SaltCloudException as exc:
        done = {"Error": exc}
    if not done.get("deployed"):
        raise CloudError(f"{server.name}: Salt could not be deployed over SSH at {usable[0]}: {done.get('Error')}")


def _minion_id(vm_):
    minion = _setting(vm_, "minion", {})
    name = minion.get("id", vm_["name"])
    return f"{name}.{minion['append_domain']}" if "append_domain" in minion else name


def _key_path(cloud, vm_):
    """Where the public key of a living host is kept, in case a failed attempt to make it again replaces it."""
    return cloud.folder / f"{vm_['name']}.pub"


def _remember_key(cloud, vm_):
    if vm_.get("pub_key"):
        _key_path(cloud, vm_).write_text(vm_["pub_key"], encoding="utf-8")


def _withdraw_key(cloud, vm_):
    """Take back the key that Salt Cloud accepted for the host we failed to make; a living host gets its own back."""
    if not vm_.get("pub_key"):
        return
    path = Path(__opts__["pki_dir"], "minions", _minion_id(vm_))
    try:
        if path.read_text(encoding="utf-8") != vm_["pub_key"]:
            return
        kept = _key_path(cloud, vm_)
        if kept.exists() and cloud.servers.all(vm_["name"]):
            path.write_text(kept.read_text(encoding="utf-8"), encoding="utf-8")
        else:
            path.unlink()
    except Exception as exc:
        log.warning("The key %s on the master could not be withdrawn: %s", path.name, openstack_errors.in_words(exc))


def _confirm(name, protected, host):
    """Ask for the name of what is protected, or look into the host's pillar; return ``(answer, allowed)``."""
    if sys.stdin.isatty() and not __opts__.get("assume_yes") and not __opts__.get("parallel"):
        return input(f"{name} belongs to {protected}, which is protected. Type {protected} to destroy it: "), False
    pillar = salt.pillar.Pillar(__opts__, {"id": host}, host, "base").compile_pillar()
    return None, pillar.get("environment", {}).get("destroy") is True


@_in_plain_words
def destroy(name, call=None):
    """
    Remove a host that this provider made, whole or half made.

    Its volumes and floating IPs go with it where they were made for it and nothing says that they stay
    (``delete_on_termination``, ``keep``). Returns the names of those that stay.

    A ``protected`` host is refused while a floating IP of its environment serves, and otherwise only goes when the
    protected name is typed, or, with ``--assume-yes``, where the host's pillar says ``environment:destroy: true``.

    .. code-block:: bash

        salt-cloud -d HOST
        salt-cloud -m X.map -d
    """
    if call == "function":
        raise SaltCloudSystemExit("destroy must be called with -d, --destroy, -a or --action.")
    cloud = _cloud()
    _fire(name, "destroying", "destroying instance", {"name": name})
    kept = cloud.destroy(name, _confirm)
    (cloud.folder / f"{name}.pub").unlink(missing_ok=True)
    _fire(name, "destroyed", "destroyed instance", {"name": name})
    if __opts__.get("update_cachedir"):
        __utils__["cloud.delete_minion_cachedir"](name, _alias(), __opts__)
    return {"Destroyed": f"{name} was destroyed.", **kept}


@_in_plain_words
def start(name, call=None):
    """
    Start a stopped server.

    .. code-block:: bash

        salt-cloud -a start HOST
    """
    cloud_calls.only("action", call, "start")
    cloud = _cloud()
    server = cloud.servers.require(name)
    if server.status == "ACTIVE":
        return "already running"
    cloud.servers.act(server, cloud.connected().compute.start_server, "ACTIVE")
    return "started"


@_in_plain_words
def stop(name, call=None):
    """
    Shut a server down.

    .. code-block:: bash

        salt-cloud -a stop HOST
    """
    cloud_calls.only("action", call, "stop")
    cloud = _cloud()
    server = cloud.servers.require(name)
    if server.status == "SHUTOFF":
        return "already stopped"
    cloud.servers.act(server, cloud.connected().compute.stop_server, "SHUTOFF")
    return "stopped"


@_in_plain_words
def reboot(name, kwargs=None, call=None):
    """
    Reboot a server and wait until it is up again; ``hard=True`` does it by the power switch.

    .. code-block:: bash

        salt-cloud -a reboot HOST [hard=True]
    """
    given = cloud_calls.action("reboot", call, kwargs, (), ("hard",))
    kind = "HARD" if _yes(given.get("hard", False), "reboot: hard") else "SOFT"
    cloud = _cloud()
    server = cloud.servers.require(name)
    # once: a second request might reboot it a second time
    cloud.servers.act(server, lambda id_: cloud.connected().compute.reboot_server(id_, kind), "ACTIVE", tries=0)
    return "rebooted"


def _yes(value, where):
    known = {"true": True, "false": False}
    if str(value).lower() not in known:
        raise CloudError(f"{where}: expected True or False, got {value!r}")
    return known[str(value).lower()]


@_in_plain_words
def rename(name, kwargs=None, call=None):
    """
    Give a server another name, and with it the volumes that were made for it. Its minion keeps its id.

    .. code-block:: bash

        salt-cloud -a rename HOST newname=OTHER
    """
    given = cloud_calls.action("rename", call, kwargs, ("newname",))
    new = given["newname"]
    if not cloud_volumes.LABEL.fullmatch(new) or len(new) > openstack_options.MAX_HOST_NAME:
        raise CloudError(f"rename: newname: expected 1 to 63 of a-z, 0-9 and -, got {new!r}")
    _cloud().rename(name, new)
    return {"renamed": name, "newname": new}


@_in_plain_words
def rebuild(name, kwargs=None, call=None):
    """
    Make a server's root anew from an image; name, addresses and volumes stay. Salt has to be brought to it again.

    .. code-block:: bash

        salt-cloud -a rebuild HOST [image=IMAGE]
    """
    given = cloud_calls.action("rebuild", call, kwargs, (), ("image",))
    cloud = _cloud()
    server = cloud.servers.require_own(name)
    image = (server.image or {}).get("id")
    if "image" in given:
        image = openstack_catalog.pick(cloud.catalog.images(), given["image"], "rebuild: image", "image").id
    if not image:
        raise CloudError(f"rebuild: {name} boots from a volume, expected one that boots from an image")
    cloud.guard(name, openstack_servers.marks(server), _confirm)
    cloud.servers.act(server, lambda id_: cloud.connected().compute.rebuild_server(id_, image), "ACTIVE", tries=0)
    return _shown(cloud, cloud.servers.require(name))


@_in_plain_words
def resize(name, kwargs=None, call=None):
    """
    Give a server another size. With ``confirm=False`` it can still be taken back by ``revert_resize``.

    .. code-block:: bash

        salt-cloud -a resize HOST size=m1.xlarge [confirm=False]
        salt-cloud -a confirm_resize HOST
        salt-cloud -a revert_resize HOST
    """
    given = cloud_calls.action("resize", call, kwargs, ("size",), ("confirm",))
    confirm = _yes(given.get("confirm", True), "resize: confirm")
    cloud = _cloud()
    server = cloud.servers.require_own(name)
    flavor = openstack_catalog.pick(cloud.catalog.flavors(), given["size"], "resize: size", "flavour")
    before = server.status
    if openstack_servers.flavor_name(server, {each.id: each.name for each in cloud.catalog.flavors()}) == flavor.name:
        return _shown(cloud, server)
    api = cloud.connected().compute
    cloud.servers.act(server, lambda id_: api.resize_server(id_, flavor.id), "VERIFY_RESIZE", tries=0)
    if confirm:
        cloud.servers.act(server, api.confirm_server_resize, before, tries=0)
    return _shown(cloud, cloud.servers.require(name))


@_in_plain_words
def confirm_resize(name, call=None):
    """
    Keep a server's new size for good.

    .. code-block:: bash

        salt-cloud -a confirm_resize HOST
    """
    cloud_calls.only("action", call, "confirm_resize")
    return _end_resize(name, "confirm_server_resize")


@_in_plain_words
def revert_resize(name, call=None):
    """
    Give a server back the size that it had before.

    .. code-block:: bash

        salt-cloud -a revert_resize HOST
    """
    cloud_calls.only("action", call, "revert_resize")
    return _end_resize(name, "revert_server_resize")


def _end_resize(name, action):
    cloud = _cloud()
    server = cloud.servers.require_own(name)
    if server.status != "VERIFY_RESIZE":
        raise CloudError(f"{name}: expected a server that was resized and not confirmed, found it {server.status}")
    cloud.servers.act(server, getattr(cloud.connected().compute, action), "ACTIVE", tries=0)
    return _shown(cloud, cloud.servers.require(name))


@_in_plain_words
def create_image(name, kwargs=None, call=None):
    """
    Make the image ``name`` of a server's root.

    .. code-block:: bash

        salt-cloud -a create_image HOST name=IMAGE
    """
    given = cloud_calls.action("create_image", call, kwargs, ("name",))
    cloud = _cloud()
    server = cloud.servers.require(name)
    wanted = cloud_volumes.resource_name(given["name"], "create_image: name")
    if any(image.name == wanted for image in cloud.catalog.images()):
        raise CloudError(f"create_image: name: an image {wanted!r} exists already")
    image = cloud.connected().compute.create_server_image(server.id, wanted)
    limit = cloud.settings.clone_timeout
    image = cloud.connected().image.wait_for_status(
        cloud.connected().image.get_image(image.id), "active", ["error", "killed"], 2, limit
    )
    return {"id": image.id, "name": image.name, "size": image.size}


def _request():
    return uuid.uuid4().hex


@_in_plain_words
def create_volume(kwargs=None, call=None):
    """
    Make a volume of ``size`` GB, empty or as a clone of a snapshot or volume (then ``size`` may be left out).

    .. code-block:: bash

        salt-cloud -f create_volume embassy name=data size=10 [type=ssd]
        salt-cloud -f create_volume embassy name=data2 snapshot=before-upgrade
        salt-cloud -f create_volume embassy name=data3 source=data size=20
    """
    given = cloud_calls.function("create_volume", call, kwargs, ("name",), ("size", "snapshot", "source", "type"))
    return _create_volume("create_volume", given)


@_in_plain_words
def clone_volume(kwargs=None, call=None):
    """
    Make the volume ``name`` as a clone of the volume ``source`` or of a snapshot, at least as large.

    .. code-block:: bash

        salt-cloud -f clone_volume embassy name=copy source=data
        salt-cloud -f clone_volume embassy name=copy snapshot=before-upgrade size=20
    """
    given = cloud_calls.function("clone_volume", call, kwargs, ("name",), ("size", "snapshot", "source", "type"))
    if "snapshot" not in given and "source" not in given:
        raise CloudError("clone_volume: expected source=VOLUME or snapshot=SNAPSHOT")
    return _create_volume("clone_volume", given)


def _create_volume(function, given):
    cloud = _cloud()
    name = cloud_volumes.resource_name(given["name"], f"{function}: name")
    if "snapshot" in given and "source" in given:
        raise CloudError(f"{function}: expected either snapshot or source, got both")
    cloned = "snapshot" in given or "source" in given
    size = cloud_volumes.size_in_gb(given.get("size"), function) if "size" in given or not cloned else None
    creation = {"name": name, "size": size}
    if "type" in given:
        kind = openstack_catalog.pick(cloud.catalog.volume_types(), given["type"], f"{function}: type", "volume type")
        creation["volume_type"] = kind.name
    if cloud.volumes.named(name, function):
        raise CloudError(f"{function}: a volume {name!r} exists already")
    for key, find, target in (
        ("snapshot", cloud.volumes.find_snapshot, "snapshot_id"),
        ("source", cloud.volumes.find, "source_id"),
    ):
        if key in given:
            origin = find(given[key], function)
            if key == "snapshot":
                cloud_volumes.refuse_incomplete(origin.name, origin.metadata, function)
            creation |= {target: origin.id, "size": cloud_volumes.clone_size(size, origin.size, function)}
    request = _request()
    limit = cloud.settings.clone_timeout if cloned else cloud.settings.volume_timeout
    try:
        volume = cloud.volumes.create(creation, openstack_tags.made(_alias(), "", request))
        volume = cloud.volumes.wait([volume.id], limit)[volume.id]
    except BaseException:
        for left in cloud.volumes.of_request(request):
            cloud.volumes.delete(left, function)
        raise
    return cloud.volumes.volume_data(volume)


@_in_plain_words
def list_volumes(kwargs=None, call=None):
    """
    Return all volumes: ``{name: {id, size (GB), status, attached_to, device, ...}}``.

    .. code-block:: bash

        salt-cloud -f list_volumes embassy
    """
    cloud_calls.function("list_volumes", call, kwargs)
    cloud = _cloud()
    cloud.volumes.know_servers(cloud.servers.names())
    return _by_name(cloud.volumes.all(), cloud.volumes.volume_data)


@_in_plain_words
def show_volume(kwargs=None, call=None):
    """
    Return one volume, by name or id.

    .. code-block:: bash

        salt-cloud -f show_volume embassy name=data
    """
    given = cloud_calls.function("show_volume", call, kwargs, ("name",))
    cloud = _cloud()
    return cloud.volumes.volume_data(cloud.volumes.find(given["name"], "show_volume"))


@_in_plain_words
def extend_volume(kwargs=None, call=None):
    """
    Make a volume ``size`` GB large; a running server sees the new size. Filesystems grow by their own tools.

    .. code-block:: bash

        salt-cloud -f extend_volume embassy name=data size=20
    """
    given = cloud_calls.function("extend_volume", call, kwargs, ("name", "size"))
    size = cloud_volumes.size_in_gb(given["size"], "extend_volume")
    cloud = _cloud()
    volume = cloud.volumes.find(given["name"], "extend_volume")
    return cloud.volumes.volume_data(cloud.volumes.extend(volume, size, "extend_volume"))


def _require_own(thing, where):
    marks = openstack_tags.read(thing.metadata)
    if marks.get("provider") != _alias():
        raise CloudError(f"{where}: {thing.name} was not made by the provider {_alias()}, expected one that was")
    return marks


@_in_plain_words
def delete_volume(kwargs=None, call=None):
    """
    Delete a volume that this provider made and that no server has.

    .. code-block:: bash

        salt-cloud -f delete_volume embassy name=data
    """
    given = cloud_calls.function("delete_volume", call, kwargs, ("name",))
    cloud = _cloud()
    volume = cloud.volumes.find(given["name"], "delete_volume")
    cloud.guard(volume.name, _require_own(volume, "delete_volume"), _confirm)
    cloud.volumes.delete(volume, "delete_volume")
    return {"deleted": volume.name}


@_in_plain_words
def create_snapshot(kwargs=None, call=None):
    """
    Make the snapshot ``name`` of a volume. Of a mounted volume it holds what a power cut would have left.

    .. code-block:: bash

        salt-cloud -f create_snapshot embassy name=before-upgrade volume=data
    """
    given = cloud_calls.function("create_snapshot", call, kwargs, ("name", "volume"))
    return next(iter(_create_snapshots("create_snapshot", {given["name"]: given["volume"]}).values()))


@_in_plain_words
def create_snapshots(kwargs=None, call=None):
    """
    Make snapshots of several volumes at the same time, called ``<set>-<volume>``; all of them, or none. With ``keep``
    those that are made stay where others are refused, which then are ``{name: {error}}`` in the answer.

    .. code-block:: bash

        salt-cloud -f create_snapshots embassy set=before-upgrade volumes=idr-prod-database-db,idr-prod-management-data
    """
    given = cloud_calls.function("create_snapshots", call, kwargs, ("set", "volumes"), ("metadata", "keep"))
    volumes = cloud_volumes.names(given["volumes"], "create_snapshots: volumes")
    wanted = {f"{given['set']}-{name}": name for name in volumes}
    metadata = cloud_volumes.metadata(given.get("metadata", {}), "create_snapshots: metadata")
    return _create_snapshots("create_snapshots", wanted, given["set"], metadata, bool(given.get("keep")))


@_in_plain_words
def tag_snapshots(kwargs=None, call=None):
    """
    Change some metadata of all snapshots of a set.

    .. code-block:: bash

        salt-cloud -f tag_snapshots embassy set=before-upgrade metadata='{"owner": "ome"}'
    """
    given = cloud_calls.function("tag_snapshots", call, kwargs, ("set", "metadata"))
    metadata = cloud_volumes.metadata(given["metadata"], "tag_snapshots: metadata")
    cloud = _cloud()
    found = cloud.volumes.of_set(given["set"])
    if not found:
        raise CloudError(f"tag_snapshots: set: expected one that has snapshots, got {given['set']!r}")
    for snapshot in found:
        _require_own(snapshot, "tag_snapshots")
    names = {volume.id: volume.name for volume in cloud.volumes.all()}
    tagged = cloud.volumes.tag(found, metadata)
    return _by_name(tagged, lambda snapshot: openstack_volumes.snapshot_data(snapshot, names))


def _create_snapshots(function, wanted, set_=None, metadata=None, keep=False):
    cloud = _cloud()
    there = {snapshot.name for snapshot in cloud.volumes.snapshots()}
    for name in wanted:
        cloud_volumes.resource_name(name, f"{function}: name")
        if name in there:
            raise CloudError(f"{function}: a snapshot {name!r} exists already")
    volumes = {name: cloud.volumes.find(volume, function) for name, volume in wanted.items()}
    marks = (metadata or {}) | openstack_tags.made(_alias(), "", _request(), set=set_)
    made, refused = cloud.volumes.snapshot(volumes, marks, keep)
    known = {volume.id: volume.name for volume in volumes.values()}
    told = _by_name(made, lambda snapshot: openstack_volumes.snapshot_data(snapshot, known))
    return told | {name: {"error": why} for name, why in refused.items()}


@_in_plain_words
def list_snapshots(kwargs=None, call=None):
    """
    Return all snapshots, or those of one volume or set: ``{name: {id, size (GB), volume, set, created_at, ...}}``.

    .. code-block:: bash

        salt-cloud -f list_snapshots embassy [volume=data] [set=before-upgrade]
    """
    given = cloud_calls.function("list_snapshots", call, kwargs, (), ("volume", "set"))
    cloud = _cloud()
    names = {volume.id: volume.name for volume in cloud.volumes.all()}
    found = _by_name(cloud.volumes.snapshots(), lambda snapshot: openstack_volumes.snapshot_data(snapshot, names))
    return {name: each for name, each in found.items() if all(each[key] == given[key] for key in given)}


@_in_plain_words
def show_snapshot(kwargs=None, call=None):
    """
    Return one snapshot, by name or id.

    .. code-block:: bash

        salt-cloud -f show_snapshot embassy name=before-upgrade
    """
    given = cloud_calls.function("show_snapshot", call, kwargs, ("name",))
    cloud = _cloud()
    names = {volume.id: volume.name for volume in cloud.volumes.all()}
    return openstack_volumes.snapshot_data(cloud.volumes.find_snapshot(given["name"], "show_snapshot"), names)


@_in_plain_words
def delete_snapshot(kwargs=None, call=None):
    """
    Delete a snapshot that this provider made; clones made from it stay. Of one that is protected, ``protected`` is the
    word that would be typed.

    .. code-block:: bash

        salt-cloud -f delete_snapshot embassy name=before-upgrade [protected=idr-prod]
    """
    given = cloud_calls.function("delete_snapshot", call, kwargs, ("name",), ("protected",))
    cloud = _cloud()
    snapshot = cloud.volumes.find_snapshot(given["name"], "delete_snapshot")
    said = given.get("protected")
    confirm = (lambda *_: (said, False)) if said else _confirm
    cloud.guard(snapshot.name, _require_own(snapshot, "delete_snapshot"), confirm, while_serving=True)
    cloud.volumes.delete_snapshot(snapshot)
    return {"deleted": snapshot.name}


@_in_plain_words
def attach_volume(name, kwargs=None, call=None):
    """
    Give a server a volume. It stays over reboots.

    .. code-block:: bash

        salt-cloud -a attach_volume HOST name=data
    """
    given = cloud_calls.action("attach_volume", call, kwargs, ("name",))
    return {"attached": given["name"], "device": _cloud().attach_volume(name, given["name"])}


@_in_plain_words
def detach_volume(name, kwargs=None, call=None):
    """
    Take a volume from a server, which must not have it mounted.

    .. code-block:: bash

        salt-cloud -a detach_volume HOST name=data
    """
    given = cloud_calls.action("detach_volume", call, kwargs, ("name",))
    _cloud().detach_volume(name, given["name"])
    return {"detached": given["name"]}


@_in_plain_words
def list_floating_ips(kwargs=None, call=None):
    """
    Return the project's floating IPs: ``{address: {id, fixed_ip, status, attached_to, provider, host, kept}}``.

    .. code-block:: bash

        salt-cloud -f list_floating_ips embassy
    """
    cloud_calls.function("list_floating_ips", call, kwargs)
    cloud = _cloud()
    names = cloud.servers.names()
    ports = {port.id: names.get(port.device_id) for port in cloud.catalog.ports()}
    return {each.floating_ip_address: openstack_addresses.data(each, ports) for each in cloud.addresses.all()}


@_in_plain_words
def attach_floating_ip(name, kwargs=None, call=None):
    """
    Let a floating IP that leads nowhere lead to a server; it stays when the server is destroyed.

    .. code-block:: bash

        salt-cloud -a attach_floating_ip HOST address=198.51.100.7
    """
    given = cloud_calls.action("attach_floating_ip", call, kwargs, ("address",))
    cloud = _cloud()
    server = cloud.servers.require(name)
    floating_ip = cloud.addresses.find(given["address"], "attach_floating_ip: address")
    if floating_ip.port_id:
        raise CloudError(
            f"attach_floating_ip: address: {given['address']} leads somewhere already, expected a free one"
        )
    cloud.addresses.attach(floating_ip, server.id)
    cloud.addresses.remember(floating_ip, name)
    return {"attached": floating_ip.floating_ip_address}


@_in_plain_words
def detach_floating_ip(name, kwargs=None, call=None):
    """
    Let a server's floating IP lead nowhere; it stays the project's.

    .. code-block:: bash

        salt-cloud -a detach_floating_ip HOST address=198.51.100.7
    """
    given = cloud_calls.action("detach_floating_ip", call, kwargs, ("address",))
    cloud = _cloud()
    server = cloud.servers.require(name)
    own = [each for each in cloud.addresses.of_server(server.id) if each.floating_ip_address == given["address"]]
    if not own:
        raise CloudError(f"detach_floating_ip: address: {given['address']} does not lead to {name}")
    cloud.addresses.remember(own[0], name)
    cloud.addresses.detach(own[0])
    return {"detached": given["address"]}


@_in_plain_words
def swap_floating_ip(name, kwargs=None, call=None):
    """
    Exchange the floating IPs of two servers, of which one may have none; from then on they are kept.

    .. code-block:: bash

        salt-cloud -a swap_floating_ip idr-prod-proxy with=idr-next-proxy
    """
    given = cloud_calls.action("swap_floating_ip", call, kwargs, ("with",))
    cloud = _cloud()
    one, other = cloud.servers.require(name), cloud.servers.require(given["with"])
    if one.id == other.id:
        raise CloudError(f"swap_floating_ip: with: expected another server than {name}")
    return cloud.addresses.swap(one.id, other.id, {one.id: one.name, other.id: other.name})


@_in_plain_words
def release_floating_ip(kwargs=None, call=None):
    """
    Give a floating IP that this provider made, and that leads nowhere, back to the cloud.

    .. code-block:: bash

        salt-cloud -f release_floating_ip embassy address=198.51.100.7
    """
    given = cloud_calls.function("release_floating_ip", call, kwargs, ("address",))
    cloud = _cloud()
    floating_ip = cloud.addresses.find(given["address"], "release_floating_ip: address")
    marks = openstack_tags.of_description(floating_ip.description)
    if floating_ip.port_id or marks.get("provider") != _alias():
        raise CloudError(
            f"release_floating_ip: address: expected one that leads nowhere and that the provider {_alias()} made"
        )
    cloud.guard(given["address"], marks, _confirm, while_serving=True)
    cloud.addresses.release(floating_ip)
    return {"released": given["address"]}
