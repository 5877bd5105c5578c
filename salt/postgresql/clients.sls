# Who may log in, from where. By itself also when hosts join or leave: nothing is restarted for them.
{%- from 'postgresql/map.jinja' import postgresql with context %}
include:
  - common.peers

postgresql-hba:
  file.managed:
    - name: {{ postgresql.config }}/pg_hba.conf
    - source: salt://postgresql/files/pg_hba.conf.jinja
    - template: jinja
    - user: postgres
    - group: postgres
    - mode: '0640'
    - require:
        - idr: peers-known

postgresql-clients:
  postgresql.loaded:
    - name: {{ postgresql.service }}
    - files:
        - {{ postgresql.config }}/pg_hba.conf
    - restart: false
    - watch:
        - file: postgresql-hba
