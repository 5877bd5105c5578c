# OMERO.server's stand-in, which testbed/ builds: needs no Java, brings what tells its Ice for OMERO's.
{%- set version = '5.6.18-standin' %}
omero:
  server:
    version: {{ version }}
    release:
      url: http://10.99.0.1:8000/releases/OMERO.server-{{ version }}.zip
      sha256: 3f444be3dd0287765f691dba389b7853853dcfea50ad2e0eca12c4243018bf6f
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
      # what the gallery would fetch from the IDR's own site
      omero.web.gallery.favicon: /static/idr_gallery/images/favicon.ico
      omero.web.gallery.top_left_logo:
        src: /static/idr_gallery/images/idr-logomark.svg
        href: idr_gallery_index
        alt: IDR
      omero.web.gallery.top_right_links: []
      # its table of studies, with tabs and line ends escaped: the start page counts images and sizes from it
      omero.web.gallery.idr_studies_url: "data:text/tab-separated-values,\
        Study%09Container%095D%20Images%09Size%20(TB)%0A\
        idr0000-standin-cells%09study%0939%090%0A\
        idr0001-standin-screen%09screen%09216%090"
