{#- By the maps alone: nothing that a host says of itself counts. #}
{%- set known = salt['idr.described'](opts.id) %}
roles: {{ known.roles|tojson }}

environment:
  # of the environment's all-in-one host, if it has one
  allinone: {{ known.allinone|tojson }}
  # whose servers visitors come to
  public: {{ known.public }}
