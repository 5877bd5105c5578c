{#- An environment sees only itself: its pattern is exact, where a glob would match idr-test for idr as well. #}
{%- set host = salt['idr.host'](opts.id) %}
{%- set known = salt['idr.described'](opts.id) %}
{%- import_yaml 'env/' ~ host.environment ~ '/environment.yaml' as environment %}
environment:
  name: {{ host.environment }}
  network: {{ environment.network|tojson }}
  volumes: {{ environment.get('volumes', true)|tojson }}

mine_functions:
  address:
    - mine_function: network.ip_addrs
    - cidr: {{ environment.network|tojson }}
    - allow_tgt: {{ host.pattern|tojson }}
    - allow_tgt_type: pcre
{%- if known.public in known.roles %}
  serving:
    - mine_function: idr.serving
    - allow_tgt: {{ host.pattern|tojson }}
    - allow_tgt_type: pcre
{%- endif %}
{%- if 'database' in known.roles %}
  pgbackrest:
    - mine_function: pgbackrest.cluster
    - allow_tgt: {{ host.pattern|tojson }}
    - allow_tgt_type: pcre
{%- endif %}
