{%- from 'omero/map.jinja' import omero with context %}
{%- from 'omero/venv.jinja' import venv %}
{%- import_text 'omero/files/requirements-server.txt' as locked %}
{%- set server = omero.server %}

include:
  - omero.tools

omero-server-packages:
  pkg.installed:
    - pkgs: {{ server.packages|sort|tojson }}

omero-server-user:
  group.present:
    - name: {{ server.user }}
    - gid: {{ server.uid|tojson }}
    - system: true
  user.present:
    - name: {{ server.user }}
    - uid: {{ server.uid|tojson }}
    - gid: {{ server.user }}
    - system: true
    - home: {{ server.home }}
    - shell: /usr/sbin/nologin
    - require:
      - group: omero-server-user

omero-server-root:
  file.directory:
    - name: {{ server.root }}
    - makedirs: true

{{ venv('omero-server', server.venv, locked, omero, plain=server.requirements|sort) }}

# the release that runs is stopped by its own command, before the link moves away from it
omero-server-release:
  omero.release_installed:
    - name: {{ server.dir }}
    - version: {{ server.version|tojson }}
    - source: {{ server.release.url|tojson }}
    - sha256: {{ server.release.sha256|tojson }}
    - user: {{ server.user }}
    - keep: null
    - service: omero-server
    - require:
      - pkg: omero-tools
      - user: omero-server-user
      - file: omero-server-root

omero-server-old-releases:
  omero.releases_pruned:
    - name: {{ server.dir }}
    - keep: {{ server.keep_releases }}
    - version: {{ server.version|tojson }}
    - require:
      - omero: omero-server-release
