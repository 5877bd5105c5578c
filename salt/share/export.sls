{%- from 'share/map.jinja' import share with context %}
{%- set clients = salt['idr.peers']('omeroreadonly')|map(attribute='address')|list %}

include:
  - common.peers
  - omero.readwrite

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

# each address by itself: nobody else of their network
share-exports:
  file.managed:
    - name: /etc/exports.d/idr.exports
    - source: salt://share/files/exports.jinja
    - template: jinja
    - context: {{ {'path': share.path, 'clients': clients}|tojson }}
    - makedirs: true
    - mode: '0644'
    - require:
      - idr: peers-known
      - file: omero-data-tree

share-server:
  service.running:
    - name: {{ share.service }}
    - enable: true
    - require:
      - pkg: share-packages
      - file: share-exports
    - watch:
      - file: share-server-configuration

share-exported:
  cmd.run:
    - name: exportfs -ra
    - onchanges:
      - file: share-exports
    - require:
      - service: share-server
