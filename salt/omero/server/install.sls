{%- from 'omero/map.jinja' import omero with context %}
{%- from 'omero/venv.jinja' import venv %}
{%- set server = omero.server %}
{%- set folder = server.root ~ '/OMERO.server-' ~ server.version %}

include:
  - omero.tools

omero-server-packages:
  pkg.installed:
    - pkgs: {{ server.packages|sort|tojson }}

omero-server-user:
  user.present:
    - name: {{ server.user }}
    - system: true
    - home: {{ server.home }}
    - shell: /usr/sbin/nologin

omero-server-root:
  file.directory:
    - name: {{ server.root }}
    - makedirs: true

{{ venv('omero-server', server.venv, 'salt://omero/files/requirements-server.txt', server.requirements, omero) }}

# its folder is readable by its user alone: config.xml and IceGrid's copies of it hold passwords
omero-server-release:
  omero_files.release:
    - name: {{ folder }}
    - source: {{ server.release.url|tojson }}
    - sha256: {{ server.release.sha256|tojson }}
    - user: {{ server.user }}
    - require:
      - pkg: omero-tools
      - user: omero-server-user
      - file: omero-server-root

# the release that runs is stopped by its own command, before the link moves away from it
omero-server-stopped:
  service.dead:
    - name: omero-server
    - prereq:
      - file: omero-server-current

omero-server-current:
  file.symlink:
    - name: {{ server.dir }}
    - target: OMERO.server-{{ server.version }}
    - require:
      - omero_files: omero-server-release
