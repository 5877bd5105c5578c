{%- from 'tls/map.jinja' import tls with context %}
# A certificate authority of this host's own, for sites that no public one can reach.
tls-ca-folder:
  file.directory:
    - name: {{ tls.ca }}
    - mode: '0755'

tls-ca:
  site_certificate.authority:
    - name: {{ tls.ca }}/ca.pem
    - key: {{ tls.ca }}/ca.key
    - common_name: {{ (pillar.environment.name ~ ' local CA')|tojson }}
    - require:
        - file: tls-ca-folder

tls-certificate:
  site_certificate.issued:
    - name: {{ tls.certificate }}
    - key: {{ tls.key }}
    - authority: {{ tls.ca }}/ca.pem
    - authority_key: {{ tls.ca }}/ca.key
    - hosts: {{ tls.names|tojson }}
    - days_valid: {{ tls.days }}
    - days_remaining: {{ tls.days_remaining }}
    - require:
        - file: tls-folder
        - site_certificate: tls-ca
    - watch_in:
        - service: nginx-service
