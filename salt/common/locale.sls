{%- from 'common/map.jinja' import common with context %}
common-locale:
  file.managed:
    - name: {{ common.locale_file }}
    - contents: LANG={{ pillar.common.locale }}
    - mode: '0644'
