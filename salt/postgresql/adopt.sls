# The volume may have a cluster already: of a host that was replaced, or of a snapshot. Debian keeps a cluster's configuration
# beside it, on the disk that is gone, and pg_createcluster takes a cluster over only where that is in its folder.
{%- from 'postgresql/map.jinja' import postgresql with context %}
{%- set adopts = [
  'test -e ' ~ postgresql.data ~ '/PG_VERSION',
  'test ! -e ' ~ postgresql.config ~ '/postgresql.conf',
] %}
postgresql-adopted-configuration:
  file.copy:
    - name: {{ postgresql.data }}/postgresql.conf
    - source: /usr/share/postgresql/{{ postgresql.version }}/postgresql.conf.sample
    - user: postgres
    - group: postgres
    - mode: '0600'
    - onlyif: {{ adopts|tojson }}
    - require:
        - file: postgresql-home
    - require_in:
        - cmd: postgresql-cluster

# Who may log in comes from postgresql.access.
postgresql-adopted-access:
  file.managed:
    - names:
        - {{ postgresql.data }}/pg_hba.conf
        - {{ postgresql.data }}/pg_ident.conf
    - contents: ''
    - user: postgres
    - group: postgres
    - mode: '0600'
    - onlyif: {{ adopts|tojson }}
    - require:
        - file: postgresql-home
    - require_in:
        - cmd: postgresql-cluster

# Of a server that did not end, on a host that is another one.
postgresql-adopted-pid:
  file.absent:
    - name: {{ postgresql.data }}/postmaster.pid
    - onlyif: {{ adopts|tojson }}
    - require_in:
        - cmd: postgresql-cluster
