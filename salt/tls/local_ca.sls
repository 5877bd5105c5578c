{%- from 'tls/map.jinja' import tls with context %}
{%- set ca = tls.ca ~ '/ca.pem' %}
{%- if salt['frontend.certificate_due'](tls.certificate, tls.key, ca, tls.names, tls.days_remaining)
    or salt['frontend.certificate_due'](ca, tls.ca ~ '/ca.key', ca, [], 900) %}
# A certificate authority of this host's own, for sites that no public one can reach.
tls-ca-folder:
  file.directory:
    - name: {{ tls.ca }}
    - mode: '0755'

tls-ca-key:
  x509.private_key_managed:
    - name: {{ tls.ca }}/ca.key
    - algo: ec
    - keysize: 384
    - mode: '0600'
    - require:
        - file: tls-ca-folder

tls-ca:
  x509.certificate_managed:
    - name: {{ tls.ca }}/ca.pem
    - signing_private_key: {{ tls.ca }}/ca.key
    - CN: {{ (pillar.environment.name ~ ' local CA')|tojson }}
    - basicConstraints: critical, CA:TRUE, pathlen:0
    - keyUsage: critical, keyCertSign, cRLSign
    - subjectKeyIdentifier: hash
    - days_valid: 3650
    {#- Longer than any certificate that it signs. #}
    - days_remaining: 900
    - mode: '0644'
    - require:
        - x509: tls-ca-key

tls-key:
  x509.private_key_managed:
    - name: {{ tls.key }}
    - algo: ec
    - keysize: 256
    - mode: '0600'
    - require:
        - file: tls-folder

tls-certificate:
  x509.certificate_managed:
    - name: {{ tls.certificate }}
    - private_key: {{ tls.key }}
    - signing_private_key: {{ tls.ca }}/ca.key
    - signing_cert: {{ tls.ca }}/ca.pem
    - CN: {{ tls.names[0]|tojson }}
    - subjectAltName: {{ salt['frontend.subject_names'](tls.names)|tojson }}
    - basicConstraints: critical, CA:FALSE
    - keyUsage: critical, digitalSignature
    - extendedKeyUsage: serverAuth
    - authorityKeyIdentifier: keyid:always
    - subjectKeyIdentifier: hash
    - days_valid: {{ tls.days }}
    - days_remaining: {{ tls.days_remaining }}
    - mode: '0644'
    - require:
        - x509: tls-ca
        - x509: tls-key
    - watch_in:
        - service: nginx-service
{%- else %}
tls-certificate:
  file.exists:
    - name: {{ tls.certificate }}
{%- endif %}
