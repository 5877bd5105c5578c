"""Which of Debian's packages the control plane consists of. None of them starts anything by itself."""

PACKAGES = [
    "cinder-common",
    "glance-common",
    "mariadb-server",
    "neutron-common",
    "nova-common",
    "python3-cinder",
    "python3-glance",
    "python3-keystone",
    "python3-neutron",
    "python3-nova",
    "python3-placement",
    "uwsgi-core",
    "uwsgi-plugin-python3",
]
