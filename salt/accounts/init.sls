{%- set people = pillar.accounts|dictsort -%}
accounts-sudo:
  pkg.installed:
    - name: sudo
  file.managed:
    - name: /etc/sudoers.d/idr-accounts
    - source: salt://accounts/files/sudoers.jinja
    - template: jinja
    - mode: '0440'
    - check_cmd: visudo -c -q -f
    - require:
        - pkg: accounts-sudo

{%- for name, person in people if not person.get('absent') %}

account-{{ name }}:
  user.present:
    - name: {{ name|tojson }}
    - fullname: {{ person.get('fullname', name)|tojson }}
    - shell: /bin/bash
    # matches no password
    - password: '*'
    - groups: {{ person.get('groups', [])|sort|tojson }}
    {%- if 'uid' in person %}
    - uid: {{ person.uid }}
    {%- endif %}
  file.managed:
    - name: /etc/ssh/authorized_keys/{{ name }}
    - contents: {{ person['keys']|tojson }}
    - mode: '0644'
    - makedirs: true
    - require:
        - user: account-{{ name }}
    - require_in:
        - file: accounts-keys
{%- endfor %}

# Whoever is no longer in pillar has no key here, and so no way in.
accounts-keys:
  file.directory:
    - name: /etc/ssh/authorized_keys
    - mode: '0755'
    - clean: true

{%- for name, person in people if person.get('absent') %}

account-{{ name }}-absent:
  user.absent:
    - name: {{ name|tojson }}
    - force: true
    - require:
        - file: accounts-keys
{%- endfor %}
