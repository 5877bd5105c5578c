# When backups are made. The first one begins by itself.
include:
  - pgbackrest.repository
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
    - onlyif: systemctl cat idr-backup-{{ type }}.timer
{%- endif %}
{%- endfor %}

pgbackrest-begun:
  pgbackrest.begun:
    - name: idr-backup@full.service
    - require:
        - pgbackrest: pgbackrest-stanza
        - file: pgbackrest-unit
