include:
  - pgbackrest

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

pgbackrest:
  options:
    # so many full backups stay, with all that is needed to restore any time after the oldest of them
    repo1-retention-full: 4
    start-fast: true
  # when, as systemd's OnCalendar has it; null for never
  timers:
    full: Sun *-*-* 02:00:00
    diff: Mon..Sat *-*-* 02:00:00
    incr: null

firewall:
  services:
    # the only way in by SSH; every other host lets in this one alone
    ssh: {from: [operators]}
    journal: {ports: [19532], from: [environment]}
