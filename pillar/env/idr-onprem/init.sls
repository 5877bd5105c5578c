include:
  # what every environment of the IDR has; what follows may say otherwise
  - idr
