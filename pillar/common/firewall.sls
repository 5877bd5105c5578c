firewall:
  # Networks (CIDR) of those who run the site. Each environment names its own.
  operators: []
  # Who may connect to what: roles, environment (all its hosts), operators, or public. Everything else is dropped.
  services:
    ssh: {ports: [22], from: [management]}
    ping: {protocol: icmp, from: [environment]}
