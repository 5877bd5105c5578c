{%- from 'omero/map.jinja' import omero with context %}
{%- set web = omero.web %}
{%- set config = dict({'omero.web.session_cookie_name': 'sessionid_' ~ pillar.environment.name}, **web.config) %}

include:
  - nginx
  - omero.web.install
  - redis

omero-web-configuration:
  omero.config:
    - name: {{ web.dir }}
    - venv: {{ web.venv }}
    - user: {{ web.user }}
    - properties: {{ config|tojson }}
    - secrets:
        omero.web.public.password: secrets:omero:public
        omero.web.secret_key: secrets:web:secret_key
    - require:
      - omero_files: omero-web-python
      - file: omero-web-folder-etc-grid

omero-web-static:
  omero_files.static:
    - name: {{ web.dir }}
    - venv: {{ web.venv }}
    - apps: {{ config.get('omero.web.apps', [])|tojson }}
    - user: {{ web.user }}
    - require:
      - omero: omero-web-configuration

omero-web-unit:
  file.managed:
    - name: /etc/systemd/system/omero-web.service
    - source: salt://omero/files/omero-web.service.jinja
    - template: jinja
    - context: {{ {'web': web, 'arguments': salt['omero.web_arguments'](config)}|tojson }}
    - mode: '0644'

omero-web-service:
  service.running:
    - name: omero-web
    - enable: true
    - require:
      - omero_files: omero-web-static
    - watch:
      - omero_files: omero-web-python
      - file: omero-web-unit
      - omero: omero-web-configuration

omero-web-site:
  file.managed:
    - name: /etc/nginx/conf.d/omero-web.conf
    - source: salt://omero/files/omero-web.nginx.jinja
    - template: jinja
    - makedirs: true
    - context: {{ {
        'backend': config.get('omero.web.application_server.host', '127.0.0.1') ~ ':' ~ config.get('omero.web.application_server.port', 4080),
        'static_url': config.get('omero.web.static_url', '/static/'),
        'static_root': web.dir ~ '/var/static',
        'timeout': config.get('omero.web.wsgi_timeout', 60),
      }|tojson }}
    - mode: '0644'
    - check_cmd: /usr/local/sbin/nginx-check /etc/nginx/conf.d/omero-web.conf
    - require:
      - file: nginx-check
    - watch_in:
      - service: nginx-service
