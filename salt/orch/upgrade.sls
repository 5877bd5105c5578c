{#- salt-run state.orchestrate orch.upgrade pillar='{environment: idr-prod}': see docs/upgrade.md #}
{%- set environment = pillar.get('environment', '') %}
{%- set plan = salt['saltutil.runner']('upgrade.plan', kwarg={'environment': environment}) %}
{%- if plan.get('errors') %}
upgrade-refused:
  test.fail_without_changes:
    - comment: {{ plan.errors|join('; ')|tojson }}
{%- elif not plan.needed %}
upgrade-not-needed:
  test.succeed_without_changes:
    - comment: {{ ('All servers of ' ~ environment ~ ' run ' ~ plan.version)|tojson }}
{%- else %}
upgrade-lock:
  salt.runner:
    - name: upgrade.lock
    - environment: {{ environment|tojson }}

upgrade-fetch:
  salt.runner:
    - name: upgrade.fetch
    - environment: {{ environment|tojson }}
    - require:
        - salt: upgrade-lock
{%- if plan.readwrite %}

upgrade-closed:
  salt.runner:
    - name: upgrade.closed
    - environment: {{ environment|tojson }}
    - 'on': true
    - require:
        - salt: upgrade-fetch

upgrade-readwrite:
  salt.runner:
    - name: upgrade.readwrite
    - environment: {{ environment|tojson }}
    - snapshot: {{ pillar.get('snapshot')|tojson }}
    - require:
        - salt: upgrade-closed

upgrade-open:
  salt.runner:
    - name: upgrade.closed
    - environment: {{ environment|tojson }}
    - 'on': false
    - require:
        - salt: upgrade-readwrite
{%- endif %}
{%- from 'orch/readers.jinja' import readers %}
{{- readers('upgrade', plan, plan.readers, 'upgrade-open' if plan.readwrite else 'upgrade-fetch') }}
{%- endif %}
