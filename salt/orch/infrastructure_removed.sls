{#- salt-run state.orchestrate orch.infrastructure_removed pillar='{environment: idr-prod, confirm: idr-prod}' #}
{%- from 'orch/states.jinja' import states %}
{%- set asked = {'environment': pillar.get('environment', ''), 'confirm': pillar.get('confirm'), 'lock': true} %}
{{- states('infrastructure', salt['saltutil.runner']('infrastructure.removed', kwarg=asked)) }}
