# The hosts of the local cloud have no way out: Python packages are served in their own network.
python:
  find_links: http://10.99.0.1:8000/wheels/
  no_index: true
