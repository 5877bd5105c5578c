# This cloud's kernel need not have NFS: its hosts share the volume itself (cloud.providers.d/local.conf).
share:
  type: bind
