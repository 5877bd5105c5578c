volumes-packages:
  pkg.installed:
    - pkgs:
        - xfsprogs
{%- for name, volume in salt['pillar.get']('volumes', {})|dictsort %}

volume-{{ name }}-formatted:
  volume.formatted:
    - name: {{ volume.label|tojson }}
    {#- Only a blank volume is found by its device; from then on its label tells. #}
    - device: {{ grains.get('volumes', {}).get(name)|tojson }}
    - require:
        - pkg: volumes-packages

volume-{{ name }}:
  mount.mounted:
    - name: {{ volume.path|tojson }}
    - device: LABEL={{ volume.label }}
    - fstype: xfs
    - opts: noatime
    - mkmnt: true
    - require:
        - volume: volume-{{ name }}-formatted

volume-{{ name }}-grown:
  volume.grown:
    - name: {{ volume.path|tojson }}
    - require:
        - mount: volume-{{ name }}
{%- endfor %}
