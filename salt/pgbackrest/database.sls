# The database never waits for the management host: WAL that cannot be archived yet is archived later.
{%- from 'postgresql/map.jinja' import postgresql with context %}
include:
  - postgresql
  - pgbackrest.install

extend:
  pgbackrest-package:
    pkg:
      - require:
          - pkg: postgresql-packages
  pgbackrest-config:
    file:
      - context:
          data: {{ postgresql.data|tojson }}
      - require:
          - pgbackrest: pgbackrest-owned
      {#- PostgreSQL begins to archive with its parameters. #}
      - require_in:
          - file: postgresql-parameters

pgbackrest-owned:
  pgbackrest.owned:
    - require:
        - file: postgresql-home

pgbackrest-published:
  pgbackrest.published:
    - require:
        - service: pgbackrest-service
        - postgresql: postgresql-loaded
