{%- from 'omero/map.jinja' import omero with context %}
{%- set server = omero.server %}
{%- set memo = pillar.omero.get('memo', {}) %}
{%- set folder = server.root ~ '/memo' %}
{%- set settings = '/etc/omero-memo/settings.json' %}

include:
  - omero.server

# what Salt itself imports runs there beside the server's own Python
{%- for name in ['omero_memo', 'omero_memo_client', 'omero_memo_pace', 'omero_memo_progress', 'omero_memo_worker'] %}
{{ name|replace('_', '-') }}-code:
  file.managed:
    - name: {{ folder }}/{{ name }}.py
    - source: salt://_utils/{{ name }}.py
    - makedirs: true
    - mode: '0644'
    - require:
      - file: omero-server-root
    - watch_in:
      - memo_worker: omero-memo-worker
{%- endfor %}

omero-memo-unit:
  file.managed:
    - name: /etc/systemd/system/omero-memo.service
    - source: salt://omero/files/omero-memo.service.jinja
    - template: jinja
    - context: {{ {'server': server, 'folder': folder, 'settings': settings}|tojson }}
    - mode: '0644'

omero-memo-worker:
  memo_worker.configured:
    - name: {{ settings }}
    - user: {{ server.user }}
    - require:
      - user: omero-server-user
      - omero_files: omero-server-python
    - watch:
      - file: omero-memo-unit

# as `systemctl enable` does, which takes a process
omero-memo-at-boot:
  file.symlink:
    - name: /etc/systemd/system/multi-user.target.wants/omero-memo.service
    - target: /etc/systemd/system/omero-memo.service
    - makedirs: true
    - require:
      - file: omero-memo-unit
{%- if memo.get('newest') %}

omero-memo-newest:
  omero.memo_warm:
    - newest: {{ memo.newest }}
    - require:
      - memo_worker: omero-memo-worker
      - omero: omero-server-running
{%- endif %}
