include:
  - common
  - volumes
  - redis
  - nginx
  - omero.readwrite
  - omero.web
  - omero.serving
