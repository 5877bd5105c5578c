{%- from 'omero/map.jinja' import omero with context %}
{%- set data = omero.server.config['omero.data.dir'] %}

include:
  - common.peers
  - omero.server

# What the server looks for in its data folder. The repository's own folders are to be links into a read-only
# mount of the read-write server's.
{%- for folder in ['.omero', 'Files', 'FullText', 'ManagedRepository', 'Pixels', 'Thumbnails'] %}
omero-data-{{ folder }}:
  file.directory:
    - name: {{ data }}/{{ folder }}
    - user: {{ omero.server.user }}
    - group: {{ omero.server.user }}
    - require:
      - file: omero-server-data
    - require_in:
      - service: omero-server-service
{%- endfor %}

omero-schema-present:
  omero.schema_present:
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
    - require:
      - service: omero-server-service
