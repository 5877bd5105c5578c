{#- Whoever has an accepted key exists: the mine may take a moment to know it, or may have lost it. #}
{%- set host = salt['idr.host'](opts.id) %}
environment:
  hosts: {{ salt['idr.accepted'](host.environment)|tojson }}
