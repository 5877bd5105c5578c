"""A real OpenStack control plane of Debian's packages, for the tests of the driver.

Keystone, Placement, Glance, Neutron, Cinder and Nova as Debian has them, with MariaDB, in a network namespace of their
own that holds nothing but loopback. Three parts have no hardware to drive: `stand_in` plugs in where Nova's, Neutron's
and Cinder's own drivers would.
"""
