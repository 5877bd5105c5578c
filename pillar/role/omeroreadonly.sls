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
