"""The machinery of the local cloud that is not a Salt Cloud driver.

Run by `testbed/run` with the system's Python and its standard library only, since it has to work
on a machine where nothing is installed yet. Production code never imports it.
"""
