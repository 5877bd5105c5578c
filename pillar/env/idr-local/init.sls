include:
  # what every environment of the IDR has; what follows may say otherwise
  - idr
  - env.idr-local.accounts
  - env.idr-local.firewall
  - env.idr-local.omero
  - env.idr-local.proxy
  - env.idr-local.python
  - env.idr-local.share
  - env.idr-local.upgrades
