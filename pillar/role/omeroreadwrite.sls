roles:
  - omeroreadwrite

peers:
  required:
    - database
  timeout: 300

volumes:
  data:
    label: idr-omero
    path: /data

omero:
  db:
    user: omero
  server:
    config:
      # curators come through this host's OMERO.web; the public is served by the read-only servers
      Ice.Default.Host: 127.0.0.1
  web:
    config:
      # a page that the cache has not seen yet may take its time here
      omero.web.wsgi_timeout: 900
