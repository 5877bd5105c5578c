{%- from 'postgresql/map.jinja' import postgresql with context %}
include:
  - postgresql.clients
  - postgresql.install

extend:
  postgresql-hba:
    file:
      - require:
        - cmd: postgresql-cluster
  postgresql-clients:
    postgresql:
      - require:
        - service: postgresql-service

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
    - require:
        - postgresql: postgresql-clients
    - watch:
        - file: postgresql-include
        - file: postgresql-parameters
