{%- from 'management/map.jinja' import management with context %}
management-ssh:
  pkg.installed:
    - name: {{ management.ssh.package }}
  service.running:
    - name: {{ management.ssh.service }}
    - enable: true
    - require:
        - pkg: management-ssh

management-journal-directory:
  file.directory:
    - name: /etc/systemd/journald.conf.d

# What happened before a reboot is what an operator wants to read after it.
management-journal:
  file.managed:
    - name: /etc/systemd/journald.conf.d/idr.conf
    - source: salt://management/files/journald.conf.jinja
    - template: jinja
    - mode: '0644'
    - require:
        - file: management-journal-directory
  service.running:
    - name: systemd-journald
    - watch:
        - file: management-journal
