{%- from 'upgrades/map.jinja' import upgrades with context %}
upgrades:
  pkg.installed:
    - name: {{ upgrades.package }}
  file.managed:
    - name: {{ upgrades.config }}
    - source: salt://upgrades/files/{{ upgrades.source }}
    - template: jinja
    - mode: '0644'
    - require:
        - pkg: upgrades

{%- if pillar.upgrades.automatic %}
{%- for timer in upgrades.timers %}

upgrades-{{ timer }}:
  unit.kept_running:
    - name: {{ timer }}
    - require:
        - file: upgrades
{%- endfor %}
{%- endif %}
