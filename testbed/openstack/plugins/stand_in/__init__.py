"""Stand-ins for what a cloud's hardware does: plugged in where Nova's, Neutron's and Cinder's drivers would be.

Debian's Python runs these, inside the services.
"""
