{%- from 'tls/map.jinja' import tls with context %}
{%- set live = '/etc/letsencrypt/live/site' %}
{%- set issued = salt['file.file_exists'](live ~ '/fullchain.pem') %}
{#- nginx has to run before the authority can look at it, and does not run without a certificate. #}
tls-temporary-folder:
  file.directory:
    - name: {{ tls.folder }}/temporary
    - mode: '0700'
    - require:
        - file: tls-folder

tls-temporary-key:
  x509.private_key_managed:
    - name: {{ tls.folder }}/temporary/privkey.pem
    - algo: ec
    - keysize: 256
    - mode: '0600'
    - require:
        - file: tls-temporary-folder

tls-temporary-certificate:
  x509.certificate_managed:
    - name: {{ tls.folder }}/temporary/fullchain.pem
    - signing_private_key: {{ tls.folder }}/temporary/privkey.pem
    - CN: {{ tls.names[0]|tojson }}
    - subjectAltName: {{ salt['frontend.subject_names'](tls.names)|tojson }}
    - days_valid: 365
    - days_remaining: 30
    - require:
        - x509: tls-temporary-key

{#- certbot's hook turns it to what was issued. #}
tls-certificate:
  file.symlink:
    - name: {{ tls.folder }}/acme
    - target: {{ live if issued else tls.folder ~ '/temporary' }}
    - require:
        - x509: tls-temporary-certificate
    - watch_in:
        - service: nginx-service
