{%- from 'share/map.jinja' import share with context %}

share-mounted:
  share.bound:
    - name: {{ share.mount|tojson }}
    - label: {{ share.bind.label|tojson }}
    - folder: {{ share.bind.folder|tojson }}
    - timeout: {{ share.timeout }}

share-complete:
  share.complete:
    - name: {{ share.mount|tojson }}
    - folders: {{ share.folders|tojson }}
    - timeout: {{ share.timeout }}
    - require:
      - share: share-mounted
