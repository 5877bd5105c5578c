{%- from 'nginx/map.jinja' import nginx with context %}
include:
  - nginx
  - proxy.files
  - volumes

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
        - file: proxy-site

{% endfor -%}
proxy-site:
  file.managed:
    - name: /etc/nginx/conf.d/proxy.conf
    - source: salt://proxy/files/proxy.conf.jinja
    - template: jinja
    - mode: '0644'
    - check_cmd: /usr/local/sbin/nginx-check /etc/nginx/conf.d/proxy.conf
    - require:
        - file: nginx-check
        {#- Not all of proxy.files: the list of raw servers waits for servers, which may be on this very host. #}
        - file: proxy-maintenance
        - file: proxy-robots
    - watch_in:
        - service: nginx-service
