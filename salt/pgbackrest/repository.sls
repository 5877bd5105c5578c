include:
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
      {#- Always so in a run. In test mode, which does not wait, there may be nothing to write yet. #}
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
    - require_in:
        - service: pgbackrest-service

pgbackrest-stanza:
  pgbackrest.stanza:
    - require:
        - service: pgbackrest-service
{%- for type in ['diff', 'full', 'incr'] %}
{%- if pillar.pgbackrest.timers.get(type) %}

pgbackrest-timer-{{ type }}:
  file.managed:
    - name: /etc/systemd/system/idr-backup-{{ type }}.timer
    - source: salt://pgbackrest/files/backup.timer.jinja
    - template: jinja
    - context: {{ {'type': type, 'calendar': pillar.pgbackrest.timers[type]}|tojson }}
    - mode: '0644'
  unit.kept_running:
    - name: idr-backup-{{ type }}.timer
    - require:
        - pgbackrest: pgbackrest-stanza
    - watch:
        - file: pgbackrest-timer-{{ type }}
        - file: pgbackrest-unit
{%- else %}

pgbackrest-timer-{{ type }}:
  service.dead:
    - name: idr-backup-{{ type }}.timer
    - enable: false
{%- endif %}
{%- endfor %}

pgbackrest-begun:
  pgbackrest.begun:
    - name: idr-backup@full.service
    - require:
        - pgbackrest: pgbackrest-stanza
        - file: pgbackrest-unit
