include:
  - common
  - redis
  - nginx
  - omero.readonly
  - omero.web
