roles:
  - database

volumes:
  db:
    label: idr-database
    path: /var/lib/postgresql

postgresql:
  # PostgreSQL's own parameters, under their own names.
  parameters:
    max_connections: 200
    shared_buffers: 128MB
    log_min_duration_statement: 5s
    password_encryption: scram-sha-256
  # Who may log in, from the hosts of which role. Passwords: secrets:database:<role>.
  roles:
    omero:
      clients: omeroreadwrite
    omeroreadonly:
      clients: omeroreadonly
      settings:
        statement_timeout: 60s
  databases:
    omero:
      owner: omero
      readers:
        - omeroreadonly
