{#- What the reactor starts for read-only servers: salt-run join.dispatch ENV. Steps without a requisite always run. #}
{%- set arguments = {'environment': pillar.get('environment', ''), 'batch': pillar.get('batch', '')} %}
{%- for step in ['begin', 'apply', 'serve'] %}

join-{{ step }}:
  salt.runner:
    - name: join.{{ step }}
    - environment: {{ arguments.environment|tojson }}
    - batch: {{ arguments.batch|tojson }}
    {%- if not loop.first %}
    - require:
        - salt: join-{{ loop.previtem }}
    {%- endif %}
{%- endfor %}

join-end:
  salt.runner:
    - name: join.end
    - environment: {{ arguments.environment|tojson }}
    - batch: {{ arguments.batch|tojson }}
