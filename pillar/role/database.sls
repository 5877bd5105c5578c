roles:
  - database

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

firewall:
  services:
    postgresql: {ports: [5432], from: [omeroreadonly, omeroreadwrite]}
