{#- Nothing but the minion id, which the host's key proves, decides what a host may see. #}
{%- set host = salt['idr.host'](opts.id) %}
{%- if host %}
base:
  {{ host.id|tojson }}:
    - common
    - role.{{ host.role }}
    - env.{{ host.environment }}
    - secrets.{{ host.environment }}.{{ host.role }}
{%- else %}
{}
{%- endif %}
