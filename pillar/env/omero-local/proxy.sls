{%- if 'proxy' in salt['idr.described'](opts.id).roles %}
# No visitor of the local cloud knows its authority.
proxy:
  redirect_to_https: false
{%- endif %}
