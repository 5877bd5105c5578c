include:
  - common.peers
  - volumes
  - pgbackrest.install

pgbackrest-repository:
  file.directory:
    - name: {{ pillar.volumes.data.path }}/pgbackrest
    - user: postgres
    - group: postgres
    - mode: '0750'
    - require:
        - sls: volumes
        - user: pgbackrest-user

# Where its data are, and which stanza they have, only the database host knows.
pgbackrest-database-known:
  pgbackrest.database_known

extend:
  pgbackrest-config:
    file:
      {#- Always so in a run. In test mode, which does not wait, there may be nothing to write yet; so below. #}
      - onlyif:
          - fun: pgbackrest.known
      - require:
          - file: pgbackrest-repository
          - pgbackrest: pgbackrest-database-known

pgbackrest-unit:
  file.managed:
    - names:
        - /etc/systemd/system/idr-backup@.service:
            - source: salt://pgbackrest/files/backup.service.jinja
        - /etc/systemd/system/pgbackrest.service.d/idr.conf:
            - source: salt://pgbackrest/files/server.service.jinja
    - template: jinja
    - makedirs: true
    - mode: '0644'
    - onlyif:
        - fun: pgbackrest.known
    - require:
        - pgbackrest: pgbackrest-database-known
    - require_in:
        - service: pgbackrest-service

pgbackrest-stanza:
  pgbackrest.stanza:
    - require:
        {#- which names the database host #}
        - idr: peers-known
        - service: pgbackrest-service
