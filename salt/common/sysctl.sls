common-sysctl:
  file.managed:
    - name: /etc/sysctl.d/60-idr.conf
    - source: salt://common/files/sysctl.conf.jinja
    - template: jinja
    - mode: '0644'
  cmd.run:
    - name: systemctl restart systemd-sysctl.service
    - onchanges:
        - file: common-sysctl
