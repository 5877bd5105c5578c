include:
  - postgresql.config
{%- for name, role in pillar.postgresql.roles|dictsort %}

postgresql-role-{{ name }}:
  postgresql.role:
    - name: {{ name }}
    - secret: secrets:database:{{ name }}
    - settings: {{ role.get('settings', {})|tojson }}
    - require:
        - postgresql: postgresql-loaded
{%- endfor %}
{%- for name, database in pillar.postgresql.databases|dictsort %}

postgresql-database-{{ name }}:
  postgresql.database:
    - name: {{ name }}
    - owner: {{ database.owner }}
    - extensions: {{ database.get('extensions', [])|sort|tojson }}
    - require:
        - postgresql: postgresql-role-{{ database.owner }}
{%- for reader, settings in database.get('readers', {})|dictsort %}

postgresql-reader-{{ name }}-{{ reader }}:
  postgresql.readable:
    - name: {{ name }}
    - owner: {{ database.owner }}
    - reader: {{ reader }}
    - passwords_of: {{ settings.get('passwords_of', [])|sort|tojson }}
    - require:
        - postgresql: postgresql-database-{{ name }}
        - postgresql: postgresql-role-{{ reader }}
{%- endfor %}
{%- endfor %}
