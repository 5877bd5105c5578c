include:
  - common
  - volumes
  - management
