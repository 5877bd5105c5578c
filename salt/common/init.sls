{%- from 'common/map.jinja' import containers -%}
include:
  - common.packages
  - common.locale
  - common.peers
  {#- A container has its machine's clock and may not set it. #}
  {%- if grains.get('virtual') not in containers %}
  - common.time
  {%- endif %}
