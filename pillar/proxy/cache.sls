# nginx's cache: sizes and times under the names and in the units of its own proxy_cache_path.
proxy:
  cache:
    # max_size counts what is on disk, keys_zone what is in memory: one megabyte knows 8000 pages.
    zones:
      omero: {max_size: 1g, keys_zone: 1m, inactive: 180d}
      omerostatic: {max_size: 200m, keys_zone: 1m, inactive: 30d}
      omerothumbnail: {max_size: 10g, keys_zone: 300m, inactive: 180d}
      omerorender: {max_size: 40g, keys_zone: 35m, inactive: 180d}
      omerometadata: {max_size: 25g, keys_zone: 65m, inactive: 180d}
      omeroapi: {max_size: 10g, keys_zone: 320m, inactive: 180d}
      omeroviewers: {max_size: 1g, keys_zone: 1m, inactive: 180d}
    # The first location whose pattern matches the path; the last one is everything else.
    locations:
      - {zone: omerostatic, valid: 1d, pattern: ^/static/}
      - {zone: omerothumbnail, valid: 1d, pattern: '^/web(client|gateway)/(render|get)_thumbnail'}
      - {zone: omerorender, valid: 1d, pattern: '^/web(client|gateway)/render_'}
      - {zone: omerometadata, valid: 1d, pattern: '^/web(client|gateway)/metadata_'}
      - {zone: omeroapi, valid: 1d, pattern: '^/((webclient/|mapr/)?api|gallery-api)/'}
      - {zone: omeroviewers, valid: 1d, pattern: '^/(web(client|gateway)/img_detail|iviewer)/'}
      - {zone: omero, valid: 1d, pattern: ^/}
    lock_timeout: 1m
  # Never cached, because what they answer is true only now.
  uncached:
    - /webclient/keepalive_ping/
    - /webclient/logout/
