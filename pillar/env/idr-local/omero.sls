# OMERO.server's stand-in, which testbed/ builds: needs no Java, brings what tells its Ice for OMERO's.
{%- set version = '5.6.18-standin' %}
omero:
  server:
    version: {{ version }}
    release:
      url: http://10.99.0.1:8000/releases/OMERO.server-{{ version }}.zip
      sha256: e16fbb888d0d3b2f0bb260fecf84d4cbeaa07ae13fd7d1af7e869196d19908d2
    packages:
      - zeroc-glacier2
      - zeroc-ice-utils
      - zeroc-icegrid
    requirements:
      - psycopg2-binary==2.9.13
    path_prepend:
      - /opt/omero/server/OMERO.server/standin/bin
    # omero looks thirty times in this time whether the server is up
    start_timeout: 60
    config:
      omero.db.poolsize: 5
      # the stand-in has no tables to serve
      omero.server.nodedescriptors: master:Blitz-0
  web:
    config:
      omero.web.wsgi_workers: 2
      omero.web.wsgi_threads: 2
      omero.web.gallery.heading: A local image repository
      omero.web.gallery.title: A local image repository
      omero.web.gallery.category_queries:
        all: {label: All studies, index: 0, query: 'FIRST50:Name'}
