common:
  # What an operator needs on any host.
  packages:
    - curl
    - less
  locale: C.UTF-8
