"""STAND-IN for OMERO.server's Blitz (Java): logins and a synthetic repository out of PostgreSQL. For tests only."""
