# The package creates its cluster when it is installed: the volume must be there before it,
# and so must all that the cluster is created with.
{%- from 'postgresql/map.jinja' import postgresql with context %}
include:
  - volumes

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

{%- if grains['os_family'] == 'Debian' %}

postgresql-createcluster:
  file.managed:
    - name: /etc/postgresql-common/createcluster.conf
    - contents: initdb_options = '--encoding=UTF8 --locale=C.UTF-8 --data-checksums'
    - mode: '0644'
    - require:
        - pkg: postgresql-tools
    - require_in:
        - pkg: postgresql-packages
{%- endif %}

postgresql-packages:
  pkg.installed:
    - pkgs: {{ postgresql.packages|tojson }}
    - require:
        - pkg: postgresql-tools
        - file: postgresql-unit

postgresql-home:
  file.directory:
    - name: {{ pillar.volumes.db.path }}
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
