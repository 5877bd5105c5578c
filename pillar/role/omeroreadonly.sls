roles:
  - omeroreadonly

peers:
  required:
    - database
  timeout: 300

omero:
  db:
    user: omeroreadonly
  server:
    config:
      omero.cluster.read_only.db: true
      omero.cluster.read_only.repo: true
      # memo files that the read-write server did not make
      omero.pixeldata.memoizer.dir.local: /data/BioFormatsCache

firewall:
  services:
    http: {ports: [80], from: [proxy]}
    omero: {ports: [4063-4065], from: [proxy]}
