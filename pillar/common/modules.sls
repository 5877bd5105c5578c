# What the minions compare their own modules with: see salt/top.sls.
modules: {{ salt['idr_modules.version']()|tojson }}
