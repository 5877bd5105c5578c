{%- from 'proxy/map.jinja' import site with context %}
include:
  - common.peers

# What nginx answers by itself, and the flags of the maintenance page. An operator's flag is never touched here.
proxy-files-folder:
  file.directory:
    - names:
        - {{ site }}
        - {{ site }}/public
        - {{ site }}/public/connection
    - mode: '0755'

proxy-robots:
  file.managed:
    - name: {{ site }}/public/robots.txt
    - contents: {{ pillar.proxy.robots|tojson }}
    - mode: '0644'
    - require:
        - file: proxy-files-folder

proxy-maintenance-page:
  file.managed:
    - name: {{ site }}/public/maintenance.html
    - source: salt://proxy/files/maintenance.html.jinja
    - template: jinja
    - mode: '0644'
    - require:
        - file: proxy-files-folder

proxy-maintenance:
  {%- if pillar.proxy.maintenance.enabled %}
  file.managed:
    - contents: enabled by the pillar
    - mode: '0644'
  {%- else %}
  file.absent:
  {%- endif %}
    - name: {{ site }}/maintenance.pillar
    - require:
        - file: proxy-maintenance-page

# Where OMERO's own clients find the read-only servers.
proxy-omero-client:
  file.managed:
    - name: {{ site }}/public/connection/omero-client.json
    - source: salt://proxy/files/omero-client.json.jinja
    - template: jinja
    - mode: '0644'
    - require:
        - file: proxy-files-folder
        - idr: peers-known
