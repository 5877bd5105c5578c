firewall:
  # the machine itself, on the hosts' bridge
  operators:
    - 10.99.0.1/32
