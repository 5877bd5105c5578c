# Who may mount the repository. By itself also when hosts join or leave.
{%- from 'share/map.jinja' import share with context %}
{%- set clients = salt['idr.peers']('omeroreadonly')|map(attribute='address')|list %}

include:
  - common.peers

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

share-exported:
  cmd.run:
    - name: exportfs -ra
    - onchanges:
      - file: share-exports
