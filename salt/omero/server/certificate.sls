{%- from 'omero/map.jinja' import omero with context %}
{%- set server = omero.server %}

include:
  - omero.server.install

omero-server-certificate-folder:
  file.directory:
    - name: {{ server.certificates }}
    - user: {{ server.user }}
    - group: {{ server.user }}
    - mode: '0700'
    - require:
      - user: omero-server-user
      - file: omero-server-root

# Clients do not verify it, but there is no TLS without a certificate.
omero-server-certificate:
  omero.certificate:
    - name: {{ server.certificates }}/server.pem
    - key: {{ server.certificates }}/server.key
    - host: {{ grains.id|tojson }}
    - user: {{ server.user }}
    - require:
      - file: omero-server-certificate-folder
