{%- if (pillar.get('pgbackrest') or {}).get('enabled') %}
include:
  - pgbackrest.install
  - pgbackrest.{{ 'database' if 'database' in pillar.roles else 'timers' }}
{%- else %}
# Stopped where it has been; what is in a repository stays.
{%- for unit in ['idr-backup-diff.timer', 'idr-backup-full.timer', 'idr-backup-incr.timer', 'pgbackrest.service'] %}

pgbackrest-off-{{ unit }}:
  service.dead:
    - name: {{ unit }}
    - enable: false
    - onlyif: systemctl cat {{ unit }}
{%- endfor %}
{%- endif %}
