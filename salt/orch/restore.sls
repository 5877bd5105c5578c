{#- salt-run state.orchestrate orch.restore pillar='{environment: idr-prod, target: "2026-01-31 12:00:00+00:00"}': see
    docs/backups.md #}
{%- set environment = pillar.get('environment', '') %}
{%- set asked = {'environment': environment, 'target': pillar.get('target', '')|string} %}
{%- set plan = salt['saltutil.runner']('backup.plan', kwarg=asked) %}
{%- if plan.get('errors') %}
restore-refused:
  test.fail_without_changes:
    - comment: {{ plan.errors|join('; ')|tojson }}
{%- else %}
restore-lock:
  salt.runner:
    - name: upgrade.lock
    - environment: {{ environment|tojson }}
    - what: orch.restore

restore-closed:
  salt.runner:
    - name: backup.closed
    - environment: {{ environment|tojson }}
    - 'on': true
    - require:
        - salt: restore-lock

restore-stopped:
  salt.runner:
    - name: backup.stopped
    - environment: {{ environment|tojson }}
    - require:
        - salt: restore-closed

restore-database:
  salt.runner:
    - name: backup.database
    - environment: {{ environment|tojson }}
    - label: {{ plan.label|tojson }}
    - target: {{ plan.target|tojson }}
    - require:
        - salt: restore-stopped

# Also when something before has failed: then it is the database of before.
restore-served:
  salt.runner:
    - name: backup.served
    - environment: {{ environment|tojson }}
    - require:
        - salt: restore-closed
{%- if not plan.maintenance %}

restore-open:
  salt.runner:
    - name: backup.closed
    - environment: {{ environment|tojson }}
    - 'on': false
    - require:
        - salt: restore-served
{%- endif %}

restore-backup:
  salt.runner:
    - name: backup.anew
    - environment: {{ environment|tojson }}
    - require:
        - salt: restore-database
        - salt: restore-served
{%- endif %}
