{%- from 'proxy/map.jinja' import leader, site with context %}
include:
  - common.peers
  - proxy.files

haproxy-packages:
  pkg.installed:
    - pkgs: [haproxy, socat]

haproxy-save:
  file.managed:
    - name: /usr/local/sbin/haproxy-save
    - source: salt://proxy/files/haproxy-save.sh
    - template: jinja
    - context: {{ {'leader': leader, 'port': pillar.haproxy.http.server_port}|tojson }}
    - mode: '0755'

haproxy-unit:
  file.managed:
    - name: /etc/systemd/system/haproxy.service.d/idr.conf
    - source: salt://proxy/files/haproxy-override.service.jinja
    - template: jinja
    - context: {{ {'site': site}|tojson }}
    - makedirs: true
    - mode: '0644'
    - require:
        - file: haproxy-save

# systemd does not notice a new drop-in by itself.
haproxy-unit-read:
  module.run:
    - service.systemctl_reload: []
    - onchanges:
        - file: haproxy-unit

frontend-servers:
  idr.servers_serving:
    - configuration: /etc/haproxy/haproxy.cfg
    - expected: {{ pillar.environment.hosts|tojson }}
    - timeout: {{ salt['pillar.get']('peers:serving_timeout', 900) }}
    - require:
        - pkg: haproxy-packages
        - idr: peers-known
    - require_in:
        - file: proxy-omero-client

haproxy:
  file.managed:
    - name: /etc/haproxy/haproxy.cfg
    - source: salt://proxy/files/haproxy.cfg.jinja
    - template: jinja
    - mode: '0644'
    # A file that HAProxy does not accept never takes the place of the good one.
    - check_cmd: haproxy -c -q -f
    - require:
        - pkg: haproxy-packages
        - file: proxy-files-folder
        - idr: frontend-servers
  service.running:
    - enable: true
    - reload: true
    - watch:
        - file: haproxy
        - module: haproxy-unit-read
        {#- Names are looked up when the configuration is read. #}
        - idr: peers-known
