{%- from 'omero/web/map.jinja' import config, plan, web with context %}
{%- import_text 'omero/files/requirements-web.txt' as locked %}
{%- set unit = '/etc/systemd/system/omero-web.service' %}
{#- What OMERO.web reads when its workers start. #}
{%- set reads = [unit, web.gunicorn, web.dir ~ '/etc/grid/config.xml', web.venv ~ '/installed.txt'] %}

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
    - secrets: {{ dict(web.secrets, **{
        'omero.web.public.password': 'secrets:omero:public',
        'omero.web.secret_key': 'secrets:web:secret_key',
      })|tojson }}
    - require:
      - omero_files: omero-web-python
      - file: omero-web-folder-etc-grid

omero-web-static:
  omero_files.static:
    - name: {{ web.dir }}
    - venv: {{ web.venv }}
    - apps: {{ config['omero.web.apps']|tojson }}
    - user: {{ web.user }}
    - require:
      - omero: omero-web-configuration

omero-web-gunicorn:
  file.managed:
    - name: {{ web.gunicorn }}
    - contents: {{ ('# Managed by Salt.\n' ~ plan.gunicorn)|tojson }}
    - mode: '0644'
    - require:
      - file: omero-web-root

omero-web-unit:
  file.managed:
    - name: {{ unit }}
    - source: salt://omero/files/omero-web.service.jinja
    - template: jinja
    - context: {{ {
        'web': web,
        'arguments': plan.arguments,
        'reads': reads,
        'gunicorn': salt['omero.web_pinned'](locked)['gunicorn'],
      }|tojson }}
    - mode: '0644'

# New settings and packages reach OMERO.web while it serves; only a change of the unit itself restarts it.
omero-web-service:
  graceful.running:
    - name: omero-web
    - record: /run/omero-web/loaded
    - restart:
      - {{ unit }}
    - require:
      - omero_files: omero-web-static
    - watch:
      - omero_files: omero-web-python
      - file: omero-web-gunicorn
      - file: omero-web-unit
      - omero: omero-web-configuration

omero-web-site:
  file.managed:
    - name: /etc/nginx/conf.d/omero-web.conf
    - source: salt://omero/files/omero-web.nginx.jinja
    - template: jinja
    - makedirs: true
    - context: {{ {
        'backend': plan.bind,
        'extra': plan.nginx,
        'port': web.http,
        'prefix': config.get('omero.web.prefix', '/'),
        'static_url': config.get('omero.web.static_url', '/static/'),
        'static_root': config.get('omero.web.static_root', web.dir ~ '/var/static'),
        'timeout': config.get('omero.web.wsgi_timeout', 60),
      }|tojson }}
    - mode: '0644'
    - check_cmd: /usr/local/sbin/nginx-check /etc/nginx/conf.d/omero-web.conf
    - require:
      - file: nginx-check
    - watch_in:
      - service: nginx-service
