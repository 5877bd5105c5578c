{%- from 'common/map.jinja' import common with context %}
common-packages:
  pkg.installed:
    - pkgs: {{ (common.packages + pillar.common.packages)|sort|tojson }}
