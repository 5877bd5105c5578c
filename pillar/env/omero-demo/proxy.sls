{%- if 'proxy' in salt['idr.described'](opts.id).roles %}
# The caches are on the disk of the host itself.
proxy:
  cache:
    zones:
      omero: {max_size: 500m}
      omerothumbnail: {max_size: 1g, keys_zone: 10m}
      omerorender: {max_size: 4g, keys_zone: 10m}
      omerometadata: {max_size: 1g, keys_zone: 10m}
      omeroapi: {max_size: 1g, keys_zone: 10m}
{%- endif %}
