{%- if salt['idr.host'](opts.id).role == 'proxy' %}
# 127.0.0.1:8080 and :8443 of the machine lead here, so its own addresses are names of the site.
proxy:
  redirect_to_https: false

tls:
  names:
    - {{ opts.id|tojson }}
    - localhost
    - 127.0.0.1
{%- endif %}
