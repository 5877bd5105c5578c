{%- set host = salt['idr.host'](opts.id) %}
# journald.conf's own names
journal:
  Storage: persistent
  SystemMaxUse: 1G
  MaxRetentionSec: 1month

# Where each host sends a copy of its journal; without a server it keeps it for itself.
logs:
  server: {{ host.environment }}-management
  port: 19532
