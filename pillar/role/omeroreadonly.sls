peers:
  required:
    database: true
  timeout: 300

omero:
  db:
    user: omeroreadonly
  # how Bio-Formats' memo files are made: salt-run idr.memo_warm
  memo:
    login: public
    files_per_minute: 60
    # nothing is opened while the load average is above this for each processor,
    max_load_per_processor: 0.8
    # or while more sessions than this keep the database busy
    max_database_sessions: 4
    # seconds
    check_seconds: 10
    image_timeout: 3600
    server_timeout: 600
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
