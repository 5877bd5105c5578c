include:
  - common.base
  - common.mine
  - common.omero
  - common.redis
