include:
  - common
  - volumes
  - management
  - pgbackrest
