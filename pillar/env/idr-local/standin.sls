# OMERO.server's stand-in, which testbed/ builds: needs no Java, brings what tells its Ice for OMERO's.
{%- set roles = salt['idr.described'](opts.id).roles %}
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
      omero.server.nodedescriptors: master:Blitz-0{{ ',Indexer-0' if 'omeroreadwrite' in roles }}
