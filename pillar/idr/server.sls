# OMERO.server of the IDR. What a role needs is in pillar/role.
omero:
  server:
    # PyTables, which Tables-0 below needs
    requirements:
      - tables==3.11.1
    config:
      omero.db.poolsize: 25
      # half of the host: no other Java process runs there
      omero.jvmcfg.percent.blitz: 50
      omero.fs.repo.path: '%user%_%userId%/%thread%//%year%-%month%/%day%/%time%'
      omero.policy.binary_access: +read,+write,-image,-plate
      # never make pyramids or memo files because someone looks at an image
      omero.pixeldata.fail_if_missing: true
      omero.client.icetransports: ssl,tcp,ws
      omero.client.ui.menu.dropdown.colleagues.enabled: false
      omero.client.ui.menu.dropdown.everyone.label: Public data
      omero.client.ui.menu.dropdown.leaders.enabled: false
      omero.client.ui.tree.orphans.enabled: false
      omero.client.ui.tree.type_order: false
      omero.server.nodedescriptors: master:Blitz-0,Tables-0
