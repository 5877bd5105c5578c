{%- from 'redis/map.jinja' import redis with context %}
redis:
  pkg.installed:
    - name: {{ redis.package }}
  file.managed:
    - name: /etc/redis/idr.conf
    - source: salt://redis/files/idr.conf.jinja
    - template: jinja
    - user: redis
    - group: redis
    - mode: '0640'
    - require:
        - pkg: redis
  service.running:
    - name: {{ redis.service }}
    - enable: true
    - watch:
        - file: redis
        - file: redis-include

# At the end, where the last word wins.
redis-include:
  file.append:
    - name: {{ redis.config }}
    - text: include /etc/redis/idr.conf
    - require:
        - file: redis
