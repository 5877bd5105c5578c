# Sessions of OMERO.web, for this host alone. Redis' own parameter names.
redis:
  parameters:
    bind: 127.0.0.1
    port: 6379
    maxmemory: 256mb
    maxmemory-policy: volatile-lru
