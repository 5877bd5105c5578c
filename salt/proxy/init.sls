include:
  - nginx
  - tls
  - proxy.files
  - proxy.site
  - proxy.haproxy
