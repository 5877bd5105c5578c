{%- from 'ssh/map.jinja' import ssh with context %}
ssh-package:
  pkg.installed:
    - name: {{ ssh.package }}

# sshd takes the first value it finds: this file is the first one that it reads.
ssh-config:
  file.managed:
    - name: /etc/ssh/sshd_config.d/00-idr.conf
    - source: salt://ssh/files/sshd.conf.jinja
    - template: jinja
    - mode: '0644'
    - check_cmd: /usr/sbin/sshd -t -f
    - require:
        - pkg: ssh-package

ssh-service:
  service.running:
    - name: {{ ssh.service }}
    - enable: true
    - reload: true
    - watch:
        - file: ssh-config
