# What hosts do when others of their environment come or go, and nothing else: no release moves, no service restarts.
include:
  - common.peers
  - firewall
  {%- if 'database' in pillar.roles %}
  - postgresql.clients
  {%- endif %}
  {%- if 'omeroreadwrite' in pillar.roles and pillar.share.type == 'nfs' and pillar.environment.public == 'omeroreadonly' %}
  - share.clients
  {%- endif %}
