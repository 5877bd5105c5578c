{#- For the webhook engine, off by default: docs/read-only-servers.md. #}
{%- set environment = tag.rpartition('/')[2] %}
{%- if tag == 'salt/engines/hook/scale-out/' ~ environment and salt['idr_hook.allows'](environment, data.get('headers')) %}
scale-out:
  runner.idr.scale_out:
    - args:
        - environment: {{ environment|tojson }}
{%- endif %}
