# Nothing may change under a test, and the base image masks apt's timers.
upgrades:
  automatic: false
