peers:
  required:
    database: true
  timeout: 300

volumes:
  data:
    label: idr-omero
    path: /data

omero:
  db:
    user: omero
  # OMERO's own accounts, beside root. The first of a user's groups is its default.
  groups:
    public: {type: read-only}
  users:
    public:
      firstname: Public
      lastname: User
      groups: [public]
      password: secrets:omero:public
  server:
    config:
      # curators come through this host's OMERO.web; the public is served by the read-only servers
      Ice.Default.Host: 127.0.0.1
  web:
    config:
      # a page that the cache has not seen yet may take its time here
      omero.web.wsgi_timeout: 900

firewall:
  services:
    # pages that the cache fetches anew
    http: {ports: [80], from: [proxy]}
    # where visitors come to this server, because there are no others
    server:
      ports: [4063-4065]
      from: [proxy]
      when: {'environment:public': omeroreadwrite}
    nfs:
      ports: [2049]
      from: [omeroreadonly]
      when: {'share:type': nfs, 'environment:public': omeroreadonly}
