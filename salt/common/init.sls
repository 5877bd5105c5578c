{%- from 'common/map.jinja' import containers -%}
# What every host has, whatever its role.
include:
  - common.packages
  - common.locale
  - common.peers
  - common.root
  - common.sysctl
  {#- A container has its machine's clock and may not set it. #}
  {%- if grains.get('virtual') not in containers %}
  - common.time
  {%- endif %}
  - accounts
  - firewall
  - journal
  - ssh
  - upgrades
