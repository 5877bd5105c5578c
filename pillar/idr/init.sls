# The Image Data Resource's own settings: the default of every idr-* environment, whose init.sls includes it first.
include:
  - idr.gallery
  - idr.mapr
  - idr.menus
  - idr.server
  - idr.web
