include:
  - nginx
  - proxy.cache
  - proxy.haproxy
