{#- Beside what its roles say: a way in, and what two of them cannot both have on one host. #}
{%- set known = salt['idr.described'](opts.id) %}
{%- set visited = known.public == 'omeroreadwrite' %}
firewall:
  services:
    # by itself it has no management host before it
    ssh: {from: [management, operators]}
{%- if 'omeroreadwrite' in known.roles and 'proxy' in known.roles %}
    # OMERO.server has the ports of raw OMERO itself: the public's, when it is the one that visitors come to
    omero: {ports: [{{ '4063, 4064, ' if visited }}14060-14099]}

# The front end has port 80; this one is for the host itself, where it and those who log in through SSH come in.
omero:
  web:
    http: 8080

haproxy:
  {%- if visited %}
  http: {server_port: 8080}
  {%- endif %}
  readwrite: {server_port: 8080}
  tcp: {omero: null, omerotcp: null}
{%- endif %}
