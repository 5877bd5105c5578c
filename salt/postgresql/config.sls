{%- from 'postgresql/map.jinja' import postgresql with context %}
include:
  - common.peers
  - postgresql.install

postgresql-include:
  file.replace:
    - name: {{ postgresql.config }}/postgresql.conf
    - pattern: ^[#\s]*include_dir\s*=.*$
    - repl: include_dir = 'conf.d'
    - append_if_not_found: true
    {#- In test mode there may be no cluster yet. #}
    - ignore_if_missing: {{ opts.test|tojson }}
    - require:
        - cmd: postgresql-cluster

postgresql-parameters:
  file.managed:
    - name: {{ postgresql.config }}/conf.d/idr.conf
    - source: salt://postgresql/files/idr.conf.jinja
    - template: jinja
    - context: {{ postgresql|tojson }}
    - user: postgres
    - group: postgres
    - mode: '0640'
    - makedirs: true
    - require:
        - file: postgresql-include

postgresql-hba:
  file.managed:
    - name: {{ postgresql.config }}/pg_hba.conf
    - source: salt://postgresql/files/pg_hba.conf.jinja
    - template: jinja
    - user: postgres
    - group: postgres
    - mode: '0640'
    - require:
        - cmd: postgresql-cluster
        - idr: peers-known

postgresql-enabled:
  service.enabled:
    - name: {{ postgresql.enabled }}
    - require:
        - pkg: postgresql-packages

postgresql-service:
  service.running:
    - name: {{ postgresql.service }}
    - require:
        - service: postgresql-enabled
        - file: postgresql-parameters
        - file: postgresql-hba

# Checks the files, reloads, and restarts only when a parameter cannot do without.
postgresql-loaded:
  postgresql.loaded:
    - name: {{ postgresql.service }}
    - files:
        - {{ postgresql.config }}/postgresql.conf
        - {{ postgresql.config }}/conf.d/idr.conf
        - {{ postgresql.config }}/pg_hba.conf
    - require:
        - service: postgresql-service
    - watch:
        - file: postgresql-include
        - file: postgresql-parameters
        - file: postgresql-hba
