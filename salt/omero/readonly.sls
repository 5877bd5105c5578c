{%- from 'omero/map.jinja' import omero with context %}
{%- from 'share/map.jinja' import share with context %}
{%- set memo = omero.server.config['omero.pixeldata.memoizer.dir.local'] %}

include:
  - common.peers
  - omero.server
  - share

# the server's data folder is its own, the repository in it the read-write server's
omero-data-links:
  share.linked:
    - name: {{ omero.server.config['omero.data.dir']|tojson }}
    - target: {{ share.mount|tojson }}
    - folders: {{ share.folders|tojson }}
    - require:
      - file: omero-server-data
      - share: share-complete
    - watch_in:
      - service: omero-server-service

omero-server-memo:
  file.directory:
    - name: {{ memo|tojson }}
    - user: {{ omero.server.user }}
    - group: {{ omero.server.user }}
    - makedirs: true
    - require:
      - user: omero-server-user
    - require_in:
      - service: omero-server-service

omero-schema-present:
  omero.schema_present:
    - omerodir: {{ omero.server.folder|tojson }}
    - timeout: 600
    - require:
      - idr: peers-known
      - omero: omero-server-configuration
    - require_in:
      - service: omero-server-service

omero-server-running:
  omero.running:
    - timeout: 300
    - read_only: true
    - version: {{ omero.server.version|tojson }}
    - require:
      - service: omero-server-service
