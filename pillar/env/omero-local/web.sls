# small enough for a laptop
omero:
  web:
    config:
      omero.web.wsgi_workers: 2
      omero.web.wsgi_threads: 2
