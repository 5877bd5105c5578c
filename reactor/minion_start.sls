{#- The top-level id is the one that the master has checked; a minion chooses everything below data.data. #}
{%- if data.get('id') is string and tag == 'salt/minion/' ~ data.id ~ '/start' %}
join:
  runner.join.started:
    - args:
        - minion_id: {{ data.id|tojson }}
{%- endif %}
