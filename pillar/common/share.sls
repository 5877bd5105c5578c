# How the read-only servers see the read-write server's repository: `nfs`, or `bind` where hosts share the volume
# itself, as those of the local cloud do.
share:
  type: nfs
  # on the read-write server
  path: /data/OMERO
  # on the read-only servers
  mount: /data/OMERO-readonly
  # seconds that a read-only server waits for it
  timeout: 600
  nfs:
    threads: 16
    # soft: reading from a server that is gone is an error after 30 s, and nothing hangs for ever
    options:
      - vers=4.2
      - soft
      - timeo=100
      - retrans=2
      - retry=1
  bind:
    label: idr-omero
    # path in the volume
    folder: OMERO
