# The last word of a server that visitors come to: it can serve. The front end takes nobody before.
{%- if pillar.environment.public in pillar.roles %}
include:
  - omero.{{ pillar.environment.public|replace('omero', '', 1) }}
  - omero.web

server-serves:
  idr.serving:
    - require:
      - omero: omero-server-running
      - sls: omero.web
      - service: nginx-service
    {%- if 'proxy' in pillar.roles %}
    - require_in:
      - idr: frontend-servers
    {%- endif %}
{%- else %}
{}
{%- endif %}
