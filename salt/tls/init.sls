{%- from 'tls/map.jinja' import tls with context %}
include:
  - nginx
{%- if tls %}
  - tls.{{ tls.source }}

tls-folder:
  file.directory:
    - name: {{ tls.folder }}
    - mode: '0700'
    - require:
        - pkg: nginx-package
{%- endif %}
