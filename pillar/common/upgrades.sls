# Security updates install themselves; nothing ever reboots by itself.
upgrades:
  automatic: true
  # Names of packages that wait for an operator (regular expressions on Debian, globs on Rocky).
  exclude: []
