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

omero-server-release:
  archive.extracted:
    - name: {{ server.root }}
    - source: {{ server.release.url|tojson }}
    - source_hash: {{ ('sha256=' ~ server.release.sha256)|tojson }}
    - overwrite: true
    - unless:
      - fun: file.contains
        path: {{ folder }}/etc/release.sha256
        text: {{ server.release.sha256|tojson }}
    - user: {{ server.user }}
    - group: {{ server.user }}
    - require:
      - pkg: omero-tools
      - user: omero-server-user
      - file: omero-server-root

# its config.xml and IceGrid's copies of it hold passwords and are readable by all
omero-server-folder:
  file.directory:
    - name: {{ folder }}
    - user: {{ server.user }}
    - group: {{ server.user }}
    - mode: '0750'
    - require:
      - archive: omero-server-release

# says that all of the archive was extracted
omero-server-release-complete:
  file.managed:
    - name: {{ folder }}/etc/release.sha256
    - contents: {{ server.release.sha256|tojson }}
    - require:
      - file: omero-server-folder

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
      - file: omero-server-release-complete
