{%- from 'tls/map.jinja' import tls with context %}
include:
  - nginx
  - tls.temporary

tls-acme-packages:
  pkg.installed:
    - pkgs:
        - certbot

tls-acme-files:
  file.managed:
    - names:
        - /etc/letsencrypt/idr.ini:
            - source: salt://tls/files/certbot.ini.jinja
        - /etc/letsencrypt/idr-deployed:
            - source: salt://tls/files/certbot-deployed.sh.jinja
            - mode: '0755'
    - template: jinja
    - mode: '0644'
    - require:
        - pkg: tls-acme-packages

{%- if tls.acme.ca_bundle is defined %}
tls-acme-authority:
  file.managed:
    - name: /etc/letsencrypt/idr-ca.pem
    - contents_pillar: tls:acme:ca_bundle
    - mode: '0644'
    - require:
        - pkg: tls-acme-packages
    - require_in:
        - cmd: tls-acme-issued

tls-acme-unit:
  file.managed:
    - name: /etc/systemd/system/certbot.service.d/idr.conf
    - source: salt://tls/files/certbot-override.service
    - makedirs: true
    - mode: '0644'
    - require:
        - pkg: tls-acme-packages
  {#- Salt does it for units that it starts; this one is its timer's. #}
  cmd.run:
    - name: systemctl daemon-reload
    - onchanges:
        - file: tls-acme-unit
{% endif %}
tls-acme-webroot:
  file.directory:
    - name: {{ tls.webroot }}
    - mode: '0755'

tls-acme-issued:
  cmd.run:
    - name: certbot certonly --config /etc/letsencrypt/idr.ini && cp /etc/letsencrypt/idr.ini /etc/letsencrypt/idr.issued
    - unless: cmp -s /etc/letsencrypt/idr.ini /etc/letsencrypt/idr.issued
    - timeout: 300
    {%- if tls.acme.ca_bundle is defined %}
    - env:
        - REQUESTS_CA_BUNDLE: /etc/letsencrypt/idr-ca.pem
    {%- endif %}
    - require:
        - file: tls-acme-files
        - file: tls-acme-webroot
        - service: nginx-service

tls-acme-timer:
  service.running:
    - name: certbot.timer
    - enable: true
    - require:
        - cmd: tls-acme-issued
