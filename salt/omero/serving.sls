# The last word of a read-only server: it can serve. The front end takes nobody before.
include:
  - omero.readonly
  - omero.web

server-serves:
  idr.serving:
    - require:
      - omero: omero-server-running
      - sls: omero.web
      - service: nginx-service
