{%- from 'share/map.jinja' import share with context %}

include:
  - omero.readwrite
  - share.clients

extend:
  share-exports:
    file:
      - require:
        - file: omero-data-tree
  share-exported:
    cmd:
      - require:
        - service: share-server

share-packages:
  pkg.installed:
    - name: {{ share.packages.server }}

share-server-configuration:
  file.managed:
    - name: /etc/nfs.conf.d/idr.conf
    - source: salt://share/files/nfs.conf.jinja
    - template: jinja
    - context: {{ {'threads': share.nfs.threads}|tojson }}
    - makedirs: true
    - mode: '0644'

share-server:
  service.running:
    - name: {{ share.service }}
    - enable: true
    - require:
      - pkg: share-packages
      - file: share-exports
    - watch:
      - file: share-server-configuration
