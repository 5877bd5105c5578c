{%- from 'firewall/map.jinja' import firewall with context %}
include:
  - common.peers

firewall-package:
  pkg.installed:
    - name: nftables

{%- for name in firewall.conflicts %}

firewall-without-{{ name }}:
  service.dead:
    - name: {{ name }}
    - enable: false
    - require_in:
        - firewall: firewall
{%- endfor %}

# Rules that nft does not accept, or that the mine is too empty for, never take the place of the good ones.
firewall-rules:
  file.managed:
    - name: /etc/idr-firewall.nft
    - source: salt://firewall/files/rules.nft.jinja
    - template: jinja
    - mode: '0644'
    - check_cmd: nft -c -f
    - require:
        - pkg: firewall-package
        - idr: peers-known

# Not nftables.service of the package: that one flushes every program's tables.
firewall-unit:
  file.managed:
    - name: /etc/systemd/system/idr-firewall.service
    - source: salt://firewall/files/idr-firewall.service
    - mode: '0644'

firewall:
  firewall.loaded:
    - name: /etc/idr-firewall.nft
    - unit: idr-firewall
    - watch:
        - file: firewall-rules
    - require:
        - file: firewall-unit
