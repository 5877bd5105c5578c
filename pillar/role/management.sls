roles:
  - management

volumes:
  data:
    label: idr-mgmt
    path: /data

management:
  journal:
    SystemMaxUse: 1G
    MaxRetentionSec: 3month
