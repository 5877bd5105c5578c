volumes-packages:
  pkg.installed:
    - pkgs:
        - xfsprogs
{%- for name, volume in salt['pillar.get']('volumes', {})|dictsort %}
{%- if not pillar.environment.volumes %}

volume-{{ name }}:
  file.directory:
    - name: {{ volume.path|tojson }}
    - makedirs: true
{%- else %}

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
    {#- A clone has the UUID of its origin, beside which one kernel refuses to mount it. #}
    - opts: noatime,nouuid
    - hidden_opts: nouuid
    - mkmnt: true
    {#- Always so in a run. In test mode, which formats nothing, the mount would fail for want of the label. #}
    - onlyif:
        - fun: volume.by_label
          args:
            - {{ volume.label|tojson }}
    - require:
        - volume: volume-{{ name }}-formatted

volume-{{ name }}-grown:
  volume.grown:
    - name: {{ volume.path|tojson }}
    - require:
        - mount: volume-{{ name }}
{%- endif %}
{%- endfor %}
