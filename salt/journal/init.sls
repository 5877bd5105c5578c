{%- if pillar.logs.server %}
include:
  - journal.upload
{%- endif %}

journal:
  file.managed:
    - name: /etc/systemd/journald.conf.d/idr.conf
    - source: salt://journal/files/journald.conf.jinja
    - template: jinja
    - makedirs: true
    - mode: '0644'
  unit.kept_running:
    - name: systemd-journald.service
    - watch:
        - file: journal
