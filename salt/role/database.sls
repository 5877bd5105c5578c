include:
  - common
  - volumes
  - postgresql
  - pgbackrest
