include:
  - common.peers

journal-upload-package:
  pkg.installed:
    - name: systemd-journal-remote

journal-upload-config:
  file.managed:
    - name: /etc/systemd/journal-upload.conf.d/idr.conf
    - source: salt://journal/files/journal-upload.conf.jinja
    - template: jinja
    - makedirs: true
    - mode: '0644'

journal-upload-unit:
  file.managed:
    - name: /etc/systemd/system/systemd-journal-upload.service.d/idr.conf
    - source: salt://journal/files/journal-upload.service
    - makedirs: true
    - mode: '0644'

journal-upload:
  unit.kept_running:
    - name: systemd-journal-upload.service
    - require:
        - pkg: journal-upload-package
        {#- which names the server #}
        - idr: peers-known
    - watch:
        - file: journal-upload-config
        - file: journal-upload-unit
