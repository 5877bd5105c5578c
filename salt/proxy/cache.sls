{%- from 'nginx/map.jinja' import nginx with context %}
{%- for name in pillar.proxy.cache.zones|sort %}
proxy-zone-{{ name }}:
  file.directory:
    - name: {{ pillar.volumes.nginxcache.path }}/{{ name }}
    - user: {{ nginx.user }}
    - mode: '0700'
    - require:
        - sls: volumes
        - pkg: nginx-package
    - require_in:
        - service: nginx-service

{% endfor -%}
proxy-cache:
  file.managed:
    - name: /etc/nginx/conf.d/proxy-cache.conf
    - source: salt://proxy/files/proxy-cache.conf.jinja
    - template: jinja
    - mode: '0644'
    - require:
        - pkg: nginx-package
    - watch_in:
        - service: nginx-service

proxy-site:
  file.managed:
    - name: /etc/nginx/conf.d/proxy.conf
    - source: salt://proxy/files/proxy.conf.jinja
    - template: jinja
    - mode: '0644'
    - require:
        - pkg: nginx-package
    - watch_in:
        - service: nginx-service
