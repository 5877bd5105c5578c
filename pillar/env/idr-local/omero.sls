# OMERO.server's stand-in, which testbed/ builds: needs no Java, brings what tells its Ice for OMERO's.
{%- set host = salt['idr.host'](opts.id) %}
{%- set version = '5.6.18-standin' %}
{%- set sha256 = {
    '5.6.18-standin': 'dd6fce92f77769718f28444148e259424e1f5a87cb25f626d3ea4966cf8fd44f',
    '5.7.0-standin': '2dbca5beea3ef72cc35062e39250aa1aa6bc453d663e24c44adf67e3389816f9',
} %}
omero:
  memo:
    files_per_minute: 600
    # all hosts share the machine's processors
    max_load_per_processor: 20
    check_seconds: 2
  server:
    version: {{ version }}
    release:
      url: http://10.99.0.1:8000/releases/OMERO.server-{{ version }}.zip
      sha256: {{ sha256[version] }}
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
      # the stand-in has no tables to serve; its indexer is one that can be stopped and started
      omero.server.nodedescriptors: master:Blitz-0{{ ',Indexer-0' if host.role == 'omeroreadwrite' }}
  web:
    config:
      omero.web.wsgi_workers: 2
      omero.web.wsgi_threads: 2
      omero.web.gallery.heading: A local image repository
      omero.web.gallery.title: A local image repository
      omero.web.gallery.subheading_html: null
      omero.web.gallery.category_queries:
        all: {label: All studies, index: 0, query: 'FIRST50:Name'}
        # none of the IDR's
        {%- for name in ['latest', 'infection', 'timelapse', 'lightsheet', 'proteinlocalization', 'histology', 'yeast',
                         'humancellscreen', 'others'] %}
        {{ name }}: null
        {%- endfor %}
      omero.web.gallery.super_categories: null
      # what the gallery would fetch from the IDR's own site
      omero.web.gallery.favicon: /static/idr_gallery/images/favicon.ico
      omero.web.gallery.top_left_logo:
        src: /static/idr_gallery/images/idr-logomark.svg
        href: idr_gallery_index
        alt: IDR
      omero.web.gallery.top_right_links: []
      omero.web.top_logo: /static/idr_gallery/images/idr-logomark.svg
      omero.web.top_logo_link: /
      # its table of studies, with tabs and line ends escaped: the start page counts images and sizes from it
      omero.web.gallery.idr_studies_url: "data:text/tab-separated-values,\
        Study%09Container%095D%20Images%09Size%20(TB)%0A\
        idr0000-standin-cells%09study%0939%090%0A\
        idr0001-standin-screen%09screen%09216%090"
