{%- set data = pillar.volumes.data.path %}
# journal.upload, which every host has, brings the package of the server as well.
include:
  - journal.upload
  - volumes

{%- set units = {
  'idr-logs-limit.service': 'logs-limit.service',
  'idr-logs-limit.timer': 'logs-limit.timer',
  'systemd-journal-remote.service.d/idr.conf': 'journal-remote.service',
  'systemd-journal-remote.socket.d/idr.conf': 'journal-remote.socket',
} %}
{%- for unit, source in units|dictsort %}

management-unit-{{ unit }}:
  file.managed:
    - name: /etc/systemd/system/{{ unit }}
    - source: salt://management/files/{{ source }}.jinja
    - template: jinja
    - makedirs: true
    - mode: '0644'
{%- endfor %}

management-logs-folder:
  file.directory:
    - name: {{ data }}/logs
    - user: root
    - group: root
    - mode: '0755'
    - require:
        - sls: volumes

# The group is the one whose members may read every host's own journal.
management-logs-journal:
  file.directory:
    - name: {{ data }}/logs/journal
    - user: systemd-journal-remote
    - group: systemd-journal
    - mode: '2750'
    - require:
        - file: management-logs-folder
        - pkg: journal-upload-package

management-logs:
  service.running:
    - name: systemd-journal-remote.socket
    - enable: true
    - require:
        - file: management-logs-journal
    - watch:
        - file: management-unit-systemd-journal-remote.*

management-logs-limit:
  unit.kept_running:
    - name: idr-logs-limit.timer
    - watch:
        - file: management-unit-idr-logs-limit.*
