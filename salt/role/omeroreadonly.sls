include:
  - common
  - redis
  - nginx
  - omero.memo
  - omero.readonly
  - omero.web
  - omero.serving
