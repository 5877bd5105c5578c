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

tls-temporary-certificate:
  site_certificate.temporary:
    - name: {{ tls.folder }}/temporary/fullchain.pem
    - key: {{ tls.folder }}/temporary/privkey.pem
    - hosts: {{ tls.names|tojson }}
    - require:
        - file: tls-temporary-folder

{#- certbot's hook turns it to what was issued. #}
tls-certificate:
  file.symlink:
    - name: {{ tls.folder }}/acme
    - target: {{ live if issued else tls.folder ~ '/temporary' }}
    - require:
        - site_certificate: tls-temporary-certificate
    - watch_in:
        - service: nginx-service
