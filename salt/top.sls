# Roles come from pillar, which goes by the minion id: a new role needs no line here.
base:
  '*':
    {%- for role in pillar.get('roles', []) %}
    - role.{{ role }}
    {%- endfor %}
