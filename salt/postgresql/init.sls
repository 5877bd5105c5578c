include:
  - postgresql.install
  - postgresql.config
  - postgresql.access
