{%- from 'omero/map.jinja' import omero with context %}
{%- from 'omero/web/map.jinja' import plan, web with context %}
{%- from 'omero/venv.jinja' import venv %}
{%- import_text 'omero/files/requirements-web.txt' as locked %}

include:
  - omero.tools

omero-web-user:
  user.present:
    - name: {{ web.user }}
    - system: true
    - home: {{ web.home }}
    - shell: /usr/sbin/nologin

omero-web-root:
  file.directory:
    - name: {{ web.root }}
    - makedirs: true

{{ venv('omero-web', web.venv, locked, omero, hashed=plan.hashed, plain=plan.plain) }}

# nginx reads the static files below var; config.xml in etc/grid holds passwords
{%- for folder, mode in [('', '0755'), ('/etc', '0755'), ('/etc/grid', '0700'), ('/var', '0755')] %}
omero-web-folder{{ folder|replace('/', '-') }}:
  file.directory:
    - name: {{ web.dir }}{{ folder }}
    - user: {{ web.user }}
    - group: {{ web.user }}
    - mode: '{{ mode }}'
    - require:
      - user: omero-web-user
      - file: omero-web-root
{%- endfor %}
