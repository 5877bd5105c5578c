{%- from 'omero/map.jinja' import omero with context %}
{%- set server = omero.server %}
{%- set db = salt['omero.db_settings']() %}

include:
  - omero.server.certificate
  - omero.server.install

omero-server-data:
  file.directory:
    - name: {{ server.config['omero.data.dir'] }}
    - user: {{ server.user }}
    - group: {{ server.user }}
    - makedirs: true
    - require:
      - user: omero-server-user

omero-server-configuration:
  omero.config:
    - name: {{ server.dir }}
    - properties: {{ dict(server.config, **{
        'omero.db.host': db.host,
        'omero.db.port': db.port,
        'omero.db.name': db.name,
        'omero.db.user': db.user,
        'omero.server.servicemanager.checkenv': 'OMERO_SERVICE_MANAGER',
        'omero.glacier2.IceSSL.DefaultDir': server.certificates,
        'omero.glacier2.IceSSL.CertFile': 'server.pem',
        'omero.glacier2.IceSSL.KeyFile': 'server.key',
      })|tojson }}
    - secrets: {{ dict(server.secrets, **{'omero.db.pass': 'secrets:database:' ~ db.user})|tojson }}
    - require:
      - omero_files: omero-server-python
      - omero: omero-server-release

omero-server-unit:
  file.managed:
    - name: /etc/systemd/system/omero-server.service
    - source: salt://omero/files/omero-server.service.jinja
    - template: jinja
    - context: {{ {'server': server}|tojson }}
    - mode: '0644'

omero-server-service:
  service.running:
    - name: omero-server
    - enable: true
    - require:
      - pkg: omero-server-packages
      - file: omero-server-data
    - watch:
      - omero: omero-server-release
      - omero_files: omero-server-python
      - file: omero-server-unit
      - omero: omero-server-configuration
      - omero: omero-server-certificate
