include:
  # the next release of the local environment, to try what docs/releases.md says
  - env.idr-local
