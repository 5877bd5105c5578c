include:
  # the demo on the local cloud: docs/all-in-one.md
  - env.omero-demo
  - env.idr-local.python
  - env.idr-local.standin
  - env.idr-local.upgrades
  - env.omero-local.proxy
  - env.omero-local.web
