# OMERO's own property names: its manual is the manual. Lists and maps are stored as JSON, null takes a property out.
omero:
  server:
    # number of OMERO's system user and group, by which NFS tells whose files are whose; null: whatever the host gives
    uid: 870
    config:
      omero.data.dir: /data/OMERO
      omero.glacier2.IceSSL.Ciphers: HIGH:!DHE
      omero.glacier2.IceSSL.ProtocolVersionMax: TLS1_3
      omero.glacier2.IceSSL.Protocols: TLS1_2,TLS1_3
  web:
    config:
      # gunicorn, which systemd runs
      omero.web.application_server: wsgi-tcp
      omero.web.use_x_forwarded_host: true
      # nginx on the host would overwrite X-Forwarded-Proto
      omero.web.secure_proxy_ssl_header: [HTTP_X_FORWARDED_PROTO_OMERO_WEB, https]
      omero.web.server_list: [[localhost, 4064, omero]]
      omero.web.session_engine: django.contrib.sessions.backends.cache
      omero.web.caches:
        default:
          BACKEND: django_redis.cache.RedisCache
          LOCATION: redis://127.0.0.1:6379/0
