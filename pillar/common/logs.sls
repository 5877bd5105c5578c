{%- set host = salt['idr.host'](opts.id) %}
# journald.conf's own names
journal:
  Storage: persistent
  SystemMaxUse: 1G
  MaxRetentionSec: 1month

{%- set management = host.environment ~ '-management' %}

# Where each host sends a copy of its journal; without a server it keeps it for itself.
logs:
  server: {{ (management if salt['idr.exists'](management) else none)|tojson }}
  port: 19532
