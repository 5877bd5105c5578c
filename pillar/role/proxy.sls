include:
  - proxy.cache

peers:
  required:
    omeroreadwrite: true
    {%- if salt['idr.described'](opts.id).public == 'omeroreadonly' %}
    omeroreadonly: true
    {%- endif %}

volumes:
  nginxcache:
    label: idr-cache
    path: /var/cache/nginx

proxy:
  read_timeout: 60s
  # Goes to the read-write server and puts what it answers into the cache, whatever the cache has.
  cachebuster:
    port: 9000
    read_timeout: 900s
  websocket:
    path: /omero-ws
    read_timeout: 86400s
  # Nobody logs in through the public site: who tries comes to its start page.
  login:
    pages:
      - ^/(webclient|webadmin)/login
      - ^/api/[^/]+/login
    redirect: /
  forbidden:
    - ^/django_prometheus
  # From an address, query included, or from all that match it as a regular expression when it begins with ~.
  redirects:
    - {from: /webclient, to: '/webclient/?experimenter=-1'}
  redirect_to_https: true
  robots:
    - 'User-agent: *'
    - 'Disallow: /api/'
    - 'Disallow: /iviewer/'
    - 'Disallow: /webclient/'
    - 'Disallow: /webgateway/'
  maintenance:
    # Besides by this, it is on while an operator keeps the file /var/lib/idr-site/maintenance.on
    enabled: false
    message: The repository is being worked on. Please come back soon.
    retry_after: 600
    # networks (CIDR) whose visitors see the site as usual
    allow: []

tls:
  # local_ca, pillar (secrets:tls:certificate and secrets:tls:key) or acme
  source: local_ca
  names:
    - {{ opts.id|tojson }}
  days: 90
  days_remaining: 30
  # seconds of Strict-Transport-Security; 0 for none
  hsts: 0

haproxy:
  # So many of the read-only servers, the last ones, serve raw OMERO and nothing else, and the others the web; with 0 all
  # serve both.
  api_servers: 0
  # Its ports on 127.0.0.1, where nginx finds it
  http:
    port: 8081
    # OMERO.web's on its hosts (omero:web:http there)
    server_port: 80
    check:
      path: /webclient/keepalive_ping/
      # A sick OMERO.web answers this page with 200 as well: the body tells.
      body: ^OK
      inter: 5s
      fall: 3
      rise: 2
  # Seconds that a server's visitors have to finish before it is restarted.
  drain:
    timeout: 120
  readwrite:
    port: 8082
    server_port: 80
  websocket:
    port: 8083
    server_port: 4065
  # Raw OMERO by the visitor's address
  tcp:
    omero: 4064
    omerotcp: 4063
  # Raw OMERO of each server: its number is added to the first port.
  per_server:
    first_port: 14060
    last_port: 14099
    server_port: 4064

firewall:
  services:
    http: {ports: [80, 443], from: [public]}
    # all read-only servers, and one port for each of them
    omero: {ports: [4063, 4064, 14060-14099], from: [public]}
    cachebuster: {ports: [9000], from: [management, operators]}
