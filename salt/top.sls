# Roles come from pillar, which goes by the minion id: a new role needs no line here.
{%- if 'idr_modules.sync' not in salt %}
{#- A host that has none of our modules yet. #}
{%- do salt['saltutil.sync_all'](saltenv='base', refresh=True) %}
{%- endif %}
{#- salt-ssh, which only looks, has its modules on the master. #}
{%- if '__master_opts__' not in opts %}
{%- do salt['idr_modules.sync'](pillar.get('modules')) %}
{%- endif %}
base:
  '*':
    {%- for role in pillar.get('roles', []) %}
    - role.{{ role }}
    {%- endfor %}
