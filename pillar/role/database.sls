include:
  - pgbackrest

volumes:
  db:
    label: idr-database
    path: /var/lib/postgresql

postgresql:
  # PostgreSQL's own parameters, under their own names. Those of memory follow from the host's: see _utils/idr_tuning.py.
  parameters:
    max_connections: 200
    log_min_duration_statement: 5s
    password_encryption: scram-sha-256
    ssl_min_protocol_version: TLSv1.2
    # what was written and is in no backup yet is at most so old, when the volume is lost
    archive_timeout: 5min
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
      extensions:
        - pg_stat_statements
      readers:
        omeroreadonly:
          # A read-only server checks the logins of these users only; nobody else's password can be read there.
          passwords_of:
            - public

pgbackrest:
  options:
    archive-async: true
    # While the repository cannot be reached WAL stays here. Rather than have it fill the volume, PostgreSQL goes on
    # without: a time after that can be restored only with the next backup.
    archive-push-queue-max: 64GiB
    spool-path: /var/spool/pgbackrest

firewall:
  services:
    postgresql: {ports: [5432], from: [omeroreadonly, omeroreadwrite]}
