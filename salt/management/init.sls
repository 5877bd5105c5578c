{%- set data = pillar.volumes.data.path %}
include:
  - volumes
  - management.logs

# For what is to come: backups hold secrets, metrics do not.
management-backups:
  file.directory:
    - name: {{ data }}/backups
    - user: root
    - group: root
    - mode: '0700'
    - require:
        - sls: volumes

management-metrics:
  file.directory:
    - name: {{ data }}/metrics
    - user: root
    - group: root
    - mode: '0755'
    - require:
        - sls: volumes
