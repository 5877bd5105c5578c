{#- salt-run state.orchestrate orch.rollback pillar='{environment: idr-prod}': see docs/upgrade.md #}
{%- set environment = pillar.get('environment', '') %}
{%- from 'orch/readers.jinja' import readers %}
{%- set plan = salt['saltutil.runner']('rollback.plan', kwarg={'environment': environment}) %}
{%- if plan.get('errors') %}
rollback-refused:
  test.fail_without_changes:
    - comment: {{ plan.errors|join('; ')|tojson }}
{%- elif not plan.needed %}
rollback-not-needed:
  test.succeed_without_changes:
    - comment: {{ ('All servers of ' ~ environment ~ ' run ' ~ plan.version ~ ' again')|tojson }}
{%- else %}
rollback-lock:
  salt.runner:
    - name: upgrade.lock
    - environment: {{ environment|tojson }}
    - what: orch.rollback

rollback-record:
  salt.runner:
    - name: rollback.record
    - environment: {{ environment|tojson }}
    - require:
        - salt: rollback-lock
{%- set last = namespace(step='rollback-record') %}
{%- if plan.readwrite or plan.moved %}

rollback-closed:
  salt.runner:
    - name: upgrade.closed
    - environment: {{ environment|tojson }}
    - 'on': true
    - require:
        - salt: {{ last.step }}
{%- set last.step = 'rollback-closed' %}
{%- endif %}
{%- if plan.moved %}

# Each server has at any time a database that it can work with: the present one until it goes back, then that of before.
rollback-databases:
  salt.runner:
    - name: rollback.databases
    - environment: {{ environment|tojson }}
    - require:
        - salt: rollback-closed
{{- readers('rollback', plan, plan.readers, 'rollback-databases') }}

rollback-swap:
  salt.runner:
    - name: rollback.swap
    - environment: {{ environment|tojson }}
    - require:
        - salt: {{ 'rollback-' ~ plan.readers[-1] if plan.readers else 'rollback-databases' }}
{%- set last.step = 'rollback-swap' %}
{%- endif %}
{%- if plan.readwrite or plan.moved %}

rollback-readwrite:
  salt.runner:
    - name: upgrade.readwrite
    - environment: {{ environment|tojson }}
    - require:
        - salt: {{ last.step }}

rollback-open:
  salt.runner:
    - name: upgrade.closed
    - environment: {{ environment|tojson }}
    - 'on': false
    - require:
        - salt: rollback-readwrite
{%- set last.step = 'rollback-open' %}
{%- endif %}
{{- readers('again', plan, plan.again if plan.moved else plan.readers, last.step) }}
{%- if plan.moved %}

rollback-clean:
  salt.runner:
    - name: rollback.clean
    - environment: {{ environment|tojson }}
    - require:
        - salt: {{ 'again-' ~ plan.again[-1] if plan.again else 'rollback-open' }}
{%- endif %}
{%- endif %}
