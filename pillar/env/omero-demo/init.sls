# A public OMERO on one host, with nothing of the IDR. Copy this folder for a site of your own; docs/omero-settings.md.
include:
  - env.omero-demo.proxy
  - env.omero-demo.server
  - env.omero-demo.web
