{%- from 'nginx/map.jinja' import nginx with context %}
nginx-package:
  pkg.installed:
    - name: nginx

# What drops a file into /etc/nginx has it checked by this first: check_cmd: nginx-check FILE
nginx-check:
  file.managed:
    - name: /usr/local/sbin/nginx-check
    - source: salt://nginx/files/nginx-check.sh
    - mode: '0755'
    - require:
        - pkg: nginx-package

nginx-config:
  file.managed:
    - name: /etc/nginx/nginx.conf
    - source: salt://nginx/files/nginx.conf.jinja
    - template: jinja
    - mode: '0644'
    - check_cmd: /usr/local/sbin/nginx-check /etc/nginx/nginx.conf
    - require:
        - file: nginx-check

nginx-default-site:
  file.absent:
    - name: {{ nginx.default_site }}
    - require:
        - pkg: nginx-package

nginx-unit:
  file.managed:
    - name: /etc/systemd/system/nginx.service.d/idr.conf
    - source: salt://nginx/files/nginx-override.service
    - makedirs: true
    - mode: '0644'

# Everything that drops a file into /etc/nginx/conf.d watches_in this service.
nginx-service:
  service.running:
    - name: nginx
    - enable: true
    - reload: true
    - watch:
        - pkg: nginx-package
        - file: nginx-config
        - file: nginx-default-site
        - file: nginx-unit
