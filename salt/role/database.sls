include:
  - common
  - volumes
  - postgresql
