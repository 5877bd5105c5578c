{%- from 'share/map.jinja' import share with context %}

include:
  - common.peers

share-packages:
  pkg.installed:
    - name: {{ share.packages.client }}

# beside what every read-only server needs: with a volume that hosts share it serves without the read-write server
share-owner-known:
  idr.peers_known:
    - roles:
      - omeroreadwrite
    - timeout: {{ share.timeout }}
    - require:
      - idr: peers-known

# tried until the server exports to this host
share-mounted:
  mount.mounted:
    - name: {{ share.mount|tojson }}
    - device: {{ (share.owner ~ ':' ~ share.path)|tojson }}
    - fstype: nfs4
    - opts: {{ (['ro', 'noatime', 'nodev', 'noexec', 'nosuid', '_netdev', 'nofail', 'x-systemd.mount-timeout=60']
        + share.nfs.options)|tojson }}
    - extra_mount_invisible_keys:
      - x-systemd.mount-timeout
    - mkmnt: true
    - retry:
        until: true
        attempts: {{ [share.timeout // 15, 1]|max }}
        interval: 15
    - require:
      - idr: share-owner-known
      - pkg: share-packages

share-complete:
  share.complete:
    - name: {{ share.mount|tojson }}
    - folders: {{ share.folders|tojson }}
    - timeout: {{ share.timeout }}
    - require:
      - mount: share-mounted
