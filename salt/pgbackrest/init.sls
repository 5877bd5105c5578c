{%- if (pillar.get('pgbackrest') or {}).get('enabled') %}
include:
  - pgbackrest.install
  - pgbackrest.{{ 'database' if 'database' in pillar.roles else 'timers' }}
{%- else %}
# Stopped where it has been; what is in a repository stays.
pgbackrest-off:
  service.dead:
    - names:
        - idr-backup-full.timer
        - idr-backup-diff.timer
        - idr-backup-incr.timer
        - pgbackrest.service
    - enable: false
{%- endif %}
