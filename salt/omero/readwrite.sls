include:
  - common.peers
  - omero.server
{%- if 'data' in pillar.get('volumes', {}) %}
  - volumes

extend:
  omero-server-data:
    file:
      - require:
        - mount: volume-data
{%- endif %}

omero-schema:
  omero.schema:
    - timeout: 300
    - require:
      - idr: peers-known
      - omero: omero-server-configuration
    - require_in:
      - service: omero-server-service

omero-server-running:
  omero.running:
    - timeout: 300
    - require:
      - service: omero-server-service

omero-public-group:
  omero.group_present:
    - name: public
    - type: read-only
    - require:
      - omero: omero-server-running

omero-public-user:
  omero.user_present:
    - name: public
    - group: public
    - firstname: Public
    - lastname: User
    - password: secrets:omero:public
    - require:
      - omero: omero-public-group
