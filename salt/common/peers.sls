# What writes peers into a configuration requires this state.
peers-known:
  idr.peers_known:
    - roles: {{ salt['pillar.get']('peers:required', {})|dictsort|selectattr(1)|map(attribute=0)|list|tojson }}
    - expected: {{ pillar.environment.get('hosts', [])|tojson }}
    - timeout: {{ salt['pillar.get']('peers:timeout', 120) }}
    - settle: {{ salt['pillar.get']('peers:settle', 30) }}
