"""The configuration files of the control plane's services, as texts."""

import configparser
import io
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"
REGION = "RegionOne"
PORTS = {
    "keystone": 5000,
    "placement": 8778,
    "glance": 9292,
    "neutron": 9696,
    "cinder": 8776,
    "nova": 8774,
}
NEUTRON_QUOTAS = ("network", "subnet", "port", "router", "floatingip", "security_group", "security_group_rule")
DATABASES = ("keystone", "placement", "glance", "neutron", "nova", "nova_api", "nova_cell0", "cinder")


@dataclass(frozen=True)
class Computers:
    """
    What servers are made of when they shall be systemd-nspawn hosts and not only rows of Nova's.

    folder: of the servers. volumes: folder of Cinder's files. image: root folder of all of them. bridge: of all
    networks. cgroup: what the names of their cgroups begin with. names: what a DNS would know, `{name: address}`.
    shares: (pattern of the names of servers that have another one's volumes as well, name of that other one).
    """

    folder: Path
    volumes: Path
    image: Path
    bridge: str
    cgroup: str
    names: dict = field(default_factory=dict)
    shares: tuple = ("", "")


def url(service):
    """Where a service answers, without a path."""
    return f"http://{HOST}:{PORTS[service]}"


def database(name, socket):
    """SQLAlchemy's address of a database."""
    return f"mysql+pymysql://root@localhost/{name}?charset=utf8&unix_socket={socket}"


def files(state, password, computers=None):
    """
    `{file name: text}` of all services.

    state: folder of the control plane. password: of the services' own user, which the files hold: they are for root.
    computers: the Computers, or None for servers that are nothing but rows.
    """
    makers = {
        "keystone.conf": _keystone,
        "placement.conf": _placement,
        "glance-api.conf": _glance,
        "neutron.conf": _neutron,
        "nova.conf": _nova,
        "cinder.conf": _cinder,
    }
    sections = {name: make(state, _user(password)) for name, make in makers.items()}
    if computers:
        sections["nova.conf"]["DEFAULT"]["compute_driver"] = "stand_in_hosts.Driver"
        sections["nova.conf"]["stand_in"] = _computers(computers)
        sections["cinder.conf"]["file"]["stand_in_folder"] = computers.volumes
        sections["neutron.conf"]["stand_in"] = {"floating": "true"}
    return {name: _text(each) for name, each in sections.items()}


def _computers(given):
    return {
        "folder": given.folder,
        "image": given.image,
        "bridge": given.bridge,
        "cgroup": given.cgroup,
        "names": ",".join(f"{name}:{address}" for name, address in sorted(given.names.items())),
        "shares_hosts": given.shares[0],
        "shares_with": given.shares[1],
    }


def _text(sections):
    parser = configparser.RawConfigParser()
    parser.optionxform = str
    parser.read_dict(sections)
    out = io.StringIO()
    parser.write(out)
    return out.getvalue()


def _user(password):
    return {
        "auth_type": "password",
        "auth_url": f"{url('keystone')}/v3",
        "username": "service",
        "password": password,
        "project_name": "service",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
        "region_name": REGION,
    }


def _database(state, name):
    return {"connection": database(name, state / "mysql.sock")}


def _tokens(user):
    return user | {"www_authenticate_uri": f"{url('keystone')}/v3"}


def _common(state, name, **more):
    """Sections of the services that talk to one another; each has all its parts in one process, hence `fake://`."""
    return {
        "DEFAULT": {"transport_url": "fake://", "state_path": state / name, "host": "stand-in", **more},
        "oslo_concurrency": {"lock_path": state / "locks" / name},
        "oslo_messaging_notifications": {"driver": "noop"},
    }


def _keystone(state, _user):
    keys = state / "keys"
    return {
        "database": _database(state, "keystone"),
        "cache": {"enabled": "true", "backend": "dogpile.cache.memory"},
        # bcrypt's least: the passwords are random and live for one test run
        "identity": {"password_hash_rounds": 4},
        "fernet_tokens": {"key_repository": keys / "fernet"},
        "fernet_receipts": {"key_repository": keys / "fernet"},
        "credential": {"key_repository": keys / "credential"},
        "token": {"expiration": 86400},
    }


def _placement(state, user):
    return {
        "api": {"auth_strategy": "keystone"},
        "placement_database": _database(state, "placement"),
        "keystone_authtoken": _tokens(user),
    }


def _glance(state, user):
    return {
        "DEFAULT": {
            "bind_host": HOST,
            "bind_port": PORTS["glance"],
            "workers": 0,
            "enabled_backends": "file:file",
        },
        "database": _database(state, "glance"),
        "glance_store": {"default_backend": "file"},
        "file": {"filesystem_store_datadir": state / "images"},
        "os_glance_staging_store": {"filesystem_store_datadir": state / "glance/staging"},
        "os_glance_tasks_store": {"filesystem_store_datadir": state / "glance/tasks"},
        "paste_deploy": {"flavor": "keystone", "config_file": "/etc/glance/glance-api-paste.ini"},
        "oslo_concurrency": {"lock_path": state / "locks/glance"},
        "oslo_messaging_notifications": {"driver": "noop"},
        "keystone_authtoken": _tokens(user),
    }


def _neutron(state, user):
    return _common(
        state,
        "neutron",
        bind_host=HOST,
        bind_port=PORTS["neutron"],
        core_plugin="ml2",
        service_plugins="stand_in.neutron_l3.Router",
        api_workers=0,
        rpc_workers=0,
        rpc_state_report_workers=0,
        notify_nova_on_port_status_changes="true",
        notify_nova_on_port_data_changes="true",
        send_events_interval=0,
        api_paste_config="/etc/neutron/api-paste.ini",
        dhcp_agent_notification="false",
    ) | {
        "database": _database(state, "neutron"),
        "keystone_authtoken": _tokens(user),
        "nova": user,
        "placement": user,
        "ml2": {
            "type_drivers": "flat,vxlan",
            "tenant_network_types": "vxlan",
            "mechanism_drivers": "stand_in",
            "extension_drivers": "port_security",
        },
        "ml2_type_flat": {"flat_networks": "*"},
        "ml2_type_vxlan": {"vni_ranges": "1:10000"},
        "securitygroup": {"enable_security_group": "true"},
        "quotas": {f"quota_{kind}": -1 for kind in NEUTRON_QUOTAS},
    }


def _nova(state, user):
    return _common(
        state,
        "nova",
        compute_driver="stand_in.Driver",
        enabled_apis="osapi_compute",
        osapi_compute_listen=HOST,
        osapi_compute_workers=1,
        instances_path=state / "instances",
        vif_plugging_is_fatal="false",
        vif_plugging_timeout=0,
        allow_resize_to_same_host="true",
        # a server whose build hangs in a test must not hang longer than the test
        block_device_allocate_retries=30,
    ) | {
        "wsgi": {"api_paste_config": "/etc/nova/api-paste.ini"},
        "api": {"auth_strategy": "keystone"},
        "api_database": _database(state, "nova_api"),
        "database": _database(state, "nova"),
        "conductor": {"workers": 1},
        "scheduler": {"workers": 1, "discover_hosts_in_cells_interval": -1},
        "filter_scheduler": {"track_instance_changes": "false"},
        "glance": {"api_servers": url("glance")},
        "cinder": user | {"catalog_info": "volumev3::publicURL", "os_region_name": REGION},
        "service_user": user | {"send_service_user_token": "true"},
        "neutron": user,
        "placement": user,
        "keystone_authtoken": _tokens(user),
        "quota": {"instances": -1, "cores": -1, "ram": -1, "key_pairs": -1, "server_groups": -1},
    }


def _cinder(state, user):
    return _common(
        state,
        "cinder",
        osapi_volume_listen=HOST,
        osapi_volume_listen_port=PORTS["cinder"],
        osapi_volume_workers=1,
        auth_strategy="keystone",
        api_paste_config="/etc/cinder/api-paste.ini",
        enabled_backends="file",
        default_volume_type="file",
        glance_api_servers=url("glance"),
        resource_query_filters_file="/etc/cinder/resource_filters.json",
        quota_volumes=-1,
        quota_snapshots=-1,
        quota_gigabytes=-1,
    ) | {
        "file": {
            "volume_driver": "stand_in.cinder_files.Files",
            "volume_backend_name": "file",
            "stand_in_folder": state / "volumes",
        },
        "coordination": {"backend_url": f"file://{state}/cinder"},
        "database": _database(state, "cinder"),
        "nova": user | {"interface": "public"},
        "keystone_authtoken": _tokens(user),
    }


def folders(state):
    """The folders that the services expect to find."""
    names = ("neutron", "nova", "cinder", "glance/staging", "glance/tasks", "images", "instances", "volumes", "log")
    return [
        *(state / name for name in names),
        *(state / "locks" / name for name in ("neutron", "nova", "cinder", "glance")),
        *(state / "keys" / name for name in ("fernet", "credential")),
    ]
