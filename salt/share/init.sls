{#- What the read-write server's repository needs to be seen by the read-only servers, on either side. #}
{%- if 'omeroreadonly' in pillar.roles %}
include:
  - share.{{ pillar.share.type }}
{%- elif pillar.share.type == 'nfs' and pillar.environment.public == 'omeroreadonly' %}
include:
  - share.export
{%- else %}
{}
{%- endif %}
