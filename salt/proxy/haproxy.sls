include:
  - common.peers

haproxy:
  pkg.installed: []
  file.managed:
    - name: /etc/haproxy/haproxy.cfg
    - source: salt://proxy/files/haproxy.cfg.jinja
    - template: jinja
    - mode: '0644'
    # A file that HAProxy does not accept never takes the place of the good one.
    - check_cmd: haproxy -c -q -f
    - require:
        - pkg: haproxy
        - idr: peers-known
  service.running:
    - enable: true
    - reload: true
    - watch:
        - file: haproxy
        {#- Names are looked up when the configuration is read. #}
        - idr: peers-known
