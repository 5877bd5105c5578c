{#- Nothing but the minion id, which the host's key proves, decides what a host may see. #}
{%- set host = salt['idr.host'](opts.id) %}
{%- if host %}
{%- set roles = salt['idr.described'](opts.id).roles %}
base:
  {{ host.id|tojson }}:
    - common
    {%- for role in roles %}
    - role.{{ role }}
    {%- endfor %}
    {%- if host.role not in roles %}
    - role.{{ host.role }}
    {%- endif %}
    - env.{{ host.environment }}
    {%- for role in roles %}
    - secrets.{{ host.environment }}.{{ role }}
    {%- endfor %}
{%- else %}
{}
{%- endif %}
