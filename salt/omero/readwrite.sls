{%- from 'omero/map.jinja' import omero with context %}
{%- from 'share/map.jinja' import share with context %}

include:
  - common.peers
  - omero.server
  - share
{%- if 'data' in pillar.get('volumes', {}) %}
  - volumes

extend:
  omero-server-data:
    file:
      - require:
        - sls: volumes
{%- endif %}

# what the read-only servers link to and wait for; the server itself would make them one by one
omero-data-tree:
  file.directory:
    - names:
      {%- for folder in share.folders %}
      - {{ (share.path ~ '/' ~ folder)|tojson }}
      {%- endfor %}
    - user: {{ omero.server.user }}
    - group: {{ omero.server.user }}
    - require:
      - file: omero-server-data
    - require_in:
      - service: omero-server-service

# before OMERO hears of another database
omero-database-fits:
  omero.database_fits:
    - data: {{ omero.server.config['omero.data.dir']|tojson }}
    - require:
      - idr: peers-known
      - pkg: omero-tools
      - user: omero-server-user
      - file: omero-server-data
    - require_in:
      - omero: omero-server-configuration

omero-schema:
  omero.schema:
    - omerodir: {{ omero.server.folder|tojson }}
    - dump: {{ omero.backups.dir|tojson }}
    - snapshot: {{ omero.backups.snapshot|tojson }}
    - keep: {{ omero.backups.keep }}
    - timeout: 300
    - require:
      - idr: peers-known
      - omero: omero-server-configuration
    - require_in:
      - service: omero-server-service

# the database may be a clone of another environment's
omero-root:
  omero.root_password:
    - require:
        - omero: omero-schema
    - require_in:
        - service: omero-server-service

omero-server-running:
  omero.running:
    - timeout: 300
    - version: {{ omero.server.version|tojson }}
    - login: root
    - require:
      - service: omero-server-service

omero-accounts:
  omero.accounts:
    - groups: {{ omero.groups|tojson }}
    - users: {{ omero.users|tojson }}
    - require:
      - omero: omero-server-running
