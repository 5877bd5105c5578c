{%- from 'tls/map.jinja' import tls with context %}
# Key and certificate in one file, so that they change together.
tls-certificate:
  file.managed:
    - name: {{ tls.certificate }}
    - contents_pillar:
        - secrets:tls:key
        - secrets:tls:certificate
    - mode: '0600'
    - show_changes: false
    - check_cmd: /usr/local/sbin/nginx-check {{ tls.certificate }}
    - require:
        - file: tls-folder
        - file: nginx-check
    - watch_in:
        - service: nginx-service
