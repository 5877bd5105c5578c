include:
  - env.idr-local.omero
  - env.idr-local.python
