include:
  - common
  - volumes
  - proxy
