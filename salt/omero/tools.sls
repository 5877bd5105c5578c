{%- from 'omero/map.jinja' import omero with context %}

omero-tools:
  pkg.installed:
    - pkgs: {{ omero.tools|tojson }}
