# The PostgreSQL project's own packages, from the address and with the key that pillar gives.
{%- from 'postgresql/map.jinja' import postgresql with context %}
{%- if postgresql.key_in_pillar %}
postgresql-signing-key:
  file.managed:
    - name: {{ postgresql.signing_key }}
    - contents_pillar: postgresql:repository:key
    - makedirs: true
    - mode: '0644'
    - require_in:
        - file: postgresql-repository
{%- endif %}

postgresql-repository:
  file.managed:
    - name: {{ postgresql.repository }}
    - source: salt://postgresql/files/{{ postgresql.repository.split('/')[-1] }}.jinja
    - template: jinja
    - context: {{ postgresql|tojson }}
    - mode: '0644'
