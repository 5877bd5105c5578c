# Backups of the database, which the management host keeps; docs/backups.md. An environment without: enabled: false
{%- set host = salt['idr.host'](opts.id) %}
pgbackrest:
  # without a management host there is nowhere to keep them
  enabled: {{ salt['idr.exists'](host.environment ~ '-management')|tojson }}
  # of both hosts, for each other
  port: 8432
  # days; made anew by state.apply when fewer remain
  certificate: {days: 825, days_remaining: 300}
  # pgBackRest's own options, for [global]; null takes one out
  options:
    compress-type: zst

firewall:
  services:
    pgbackrest:
      ports: [8432]
      from: [{{ 'database' if host.role == 'management' else 'management' }}]
      when: {'pgbackrest:enabled': true}
