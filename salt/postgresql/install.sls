# The volume must be there before the packages, and so must all that a cluster is created with.
{%- from 'postgresql/map.jinja' import postgresql with context %}
include:
  - volumes
{%- if postgresql.pgdg %}
  - postgresql.repository
{%- endif %}
{%- if grains['os_family'] == 'Debian' %}
  - postgresql.adopt
{%- endif %}

postgresql-tools:
  pkg.installed:
    - pkgs: {{ postgresql.tools|tojson }}
    - require:
        - sls: volumes

postgresql-unit:
  file.managed:
    - name: /etc/systemd/system/{{ postgresql.service }}.service.d/idr.conf
    - source: salt://postgresql/files/unit.conf.jinja
    - template: jinja
    - context: {{ postgresql|tojson }}
    - makedirs: true
    - mode: '0644'
    - require:
        - postgresql: postgresql-only-version

postgresql-only-version:
  postgresql.only_version:
    - name: {{ postgresql.home }}
    - version: {{ postgresql.version|tojson }}
    - require:
        - sls: volumes
{%- if grains['os_family'] == 'Debian' %}

# A package that is installed must not create a cluster by itself.
postgresql-createcluster:
  file.managed:
    - name: /etc/postgresql-common/createcluster.conf
    - contents: |
        create_main_cluster = false
        initdb_options = '--encoding=UTF8 --locale=C.UTF-8 --data-checksums'
    - mode: '0644'
    - require:
        - pkg: postgresql-tools
    - require_in:
        - pkg: postgresql-packages
{%- endif %}

postgresql-packages:
  pkg.installed:
    - pkgs: {{ (postgresql.packages + pillar.postgresql.get('packages', []))|tojson }}
    {#- The repository may have come in this very run. #}
    - refresh: {{ postgresql.pgdg|tojson }}
    - require:
        - pkg: postgresql-tools
        - file: postgresql-unit
        {%- if postgresql.pgdg %}
        - file: postgresql-repository
        {%- endif %}

postgresql-home:
  file.directory:
    - name: {{ postgresql.home }}
    - user: postgres
    - group: postgres
    - require:
        - pkg: postgresql-packages

postgresql-cluster:
  cmd.run:
    - name: {{ postgresql.create }}
    - creates: {{ postgresql.config }}/postgresql.conf
    - require:
        - file: postgresql-home
{%- if postgresql.make_certificate %}

postgresql-certificate:
  cmd.run:
    - name: {{ postgresql.make_certificate }}
    - creates: {{ postgresql.key }}
    - runas: postgres
    - require:
        - cmd: postgresql-cluster
    - require_in:
        - file: postgresql-parameters
{%- endif %}
