# What both hosts have: the program, a certificate by which the other one knows it, and a server for the other one.
pgbackrest-package:
  pkg.installed:
    - name: pgbackrest

# Debian's package brings the user; where no other does, there is no PostgreSQL on this host.
pgbackrest-user:
  user.present:
    - name: postgres
    - system: true
    - createhome: false
    - require:
        - pkg: pgbackrest-package

pgbackrest-certificate:
  pgbackrest.certified:
    - name: /etc/pgbackrest/tls
    - secret: secrets:pgbackrest:authority
    - host_names:
        - {{ grains.id|tojson }}
    - days: {{ pillar.pgbackrest.certificate.days }}
    - days_remaining: {{ pillar.pgbackrest.certificate.days_remaining }}
    - require:
        - user: pgbackrest-user

pgbackrest-config:
  file.managed:
    - name: /etc/pgbackrest/pgbackrest.conf
    - source: salt://pgbackrest/files/pgbackrest.conf.jinja
    - template: jinja
    - user: postgres
    - group: postgres
    - mode: '0640'
    - require:
        - pgbackrest: pgbackrest-certificate

# Reloaded, not restarted: a backup may be on its way through it.
pgbackrest-service:
  service.running:
    - name: pgbackrest
    - enable: true
    - reload: true
    - watch:
        - file: pgbackrest-config
        - pgbackrest: pgbackrest-certificate
