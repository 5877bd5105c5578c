"""Grains of the systems that states are rendered for, as far as states and loaders look at them."""

COMMON = {
    "kernel": "Linux",
    "cpuarch": "x86_64",
    "num_cpus": 2,
    "mem_total": 8192,
    "init": "systemd",
    "systemd": {"version": "252", "features": ""},
    "path": "/usr/sbin:/usr/bin:/sbin:/bin",
    "pythonversion": [3, 11, 2, "final", 0],
    "saltversioninfo": [3008, 3],
    "virtual": "kvm",
}

SYSTEMS = {
    "debian-12": {
        "os": "Debian",
        "os_family": "Debian",
        "osfinger": "Debian-12",
        "osfullname": "Debian GNU/Linux",
        "osrelease": "12",
        "osmajorrelease": 12,
        "oscodename": "bookworm",
        "osarch": "amd64",
    },
    "ubuntu-22.04": {
        "os": "Ubuntu",
        "os_family": "Debian",
        "osfinger": "Ubuntu-22.04",
        "osfullname": "Ubuntu",
        "osrelease": "22.04",
        "osmajorrelease": 22,
        "oscodename": "jammy",
        "osarch": "amd64",
    },
    "ubuntu-24.04": {
        "os": "Ubuntu",
        "os_family": "Debian",
        "osfinger": "Ubuntu-24.04",
        "osfullname": "Ubuntu",
        "osrelease": "24.04",
        "osmajorrelease": 24,
        "oscodename": "noble",
        "osarch": "amd64",
    },
    "rocky-9": {
        "os": "Rocky",
        "os_family": "RedHat",
        "osfinger": "Rocky Linux-9",
        "osfullname": "Rocky Linux",
        "osrelease": "9.4",
        "osmajorrelease": 9,
        "oscodename": "Blue Onyx",
        "osarch": "x86_64",
    },
}


def grains(system, host, volumes=(), **more):
    """Grains of a host: of its system, its id and the volumes that its profile gives it."""
    devices = {name: f"/dev/disk/by-id/virtio-{host}-{name}"[:41] for name in volumes}
    return {**COMMON, **SYSTEMS[system], "id": host, "host": host, "volumes": devices, **more}
