{%- from 'common/map.jinja' import common with context %}
common-time:
  pkg.installed:
    - name: {{ common.time.package }}
  service.running:
    - name: {{ common.time.service }}
    - enable: true
    - require:
        - pkg: common-time
