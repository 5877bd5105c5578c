{#- salt-run state.orchestrate orch.infrastructure pillar='{environment: idr-prod}': see docs/infrastructure.md #}
{%- from 'orch/states.jinja' import states %}
{%- set asked = {'environment': pillar.get('environment', ''), 'lock': true} %}
{{- states('infrastructure', salt['saltutil.runner']('infrastructure.present', kwarg=asked)) }}
