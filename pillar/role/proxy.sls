roles:
  - proxy

peers:
  required:
    - omeroreadonly

volumes:
  nginxcache:
    label: idr-cache
    path: /var/cache/nginx

proxy:
  # Zones of nginx's proxy_cache_path, under its own parameter names.
  cache:
    zones:
      omero:
        keys_zone: 1m
        max_size: 1g
        inactive: 180d
    # The first location whose pattern matches the path; the last one is everything else.
    locations:
      - pattern: ^/
        zone: omero
        valid: 1d
  # Never cached, because what they answer is true only now.
  uncached:
    - /webclient/keepalive_ping/
  read_timeout: 60s

haproxy:
  http:
    port: 8081
    check:
      path: /webclient/keepalive_ping/
      # A sick OMERO.web answers this page with 200 as well: the body tells.
      body: ^OK
      inter: 5s
      fall: 3
      rise: 2
  tcp:
    omero: 4064
