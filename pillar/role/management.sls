roles:
  - management

volumes:
  data:
    label: idr-mgmt
    path: /data
    # logs of this environment are of no use to another: docs/snapshots.md
    snapshot: false

management:
  # Of all hosts' journals together.
  logs:
    max_use: 20G
    max_age: 1year

firewall:
  services:
    # the only way in by SSH; every other host lets in this one alone
    ssh: {from: [operators]}
    journal: {ports: [19532], from: [environment]}
