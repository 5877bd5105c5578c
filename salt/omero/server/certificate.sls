{%- from 'omero/map.jinja' import omero with context %}
{%- set server = omero.server %}

include:
  - omero.server.install

# Clients do not verify it, but there is no TLS without a certificate.
omero-server-certificate-folder:
  file.directory:
    - name: {{ server.certificates }}
    - user: {{ server.user }}
    - group: {{ server.user }}
    - mode: '0700'
    - require:
      - user: omero-server-user
      - file: omero-server-root

omero-server-certificate-key:
  x509.private_key_managed:
    - name: {{ server.certificates }}/server.key
    - keysize: 3072
    - user: {{ server.user }}
    - group: {{ server.user }}
    - mode: '0600'
    - require:
      - file: omero-server-certificate-folder

omero-server-certificate:
  x509.certificate_managed:
    - name: {{ server.certificates }}/server.pem
    - signing_private_key: {{ server.certificates }}/server.key
    - CN: {{ grains.id|tojson }}
    - O: OMERO.server
    - subjectAltName: {{ ('DNS:' ~ grains.id)|tojson }}
    - days_valid: 3650
    - days_remaining: 90
    - user: {{ server.user }}
    - group: {{ server.user }}
    - mode: '0644'
    - require:
      - x509: omero-server-certificate-key
