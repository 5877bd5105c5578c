# Of OMERO.server it says what differs from OMERO's own defaults. `version`, and `release` with url and sha256, are the
# operator's to choose.
omero:
  server:
    config:
      omero.data.dir: /data/OMERO
      omero.db.poolsize: 10
      # PostgreSQL and OMERO.web need their part of the host's memory
      omero.jvmcfg.percent.blitz: 25
      omero.jvmcfg.percent.indexer: 5
      omero.jvmcfg.percent.pixeldata: 10
      # looking is for everybody, downloading for members of the group
      omero.policy.binary_access: +read,+write,-image,-plate
      omero.client.ui.menu.dropdown.everyone.label: Public data
