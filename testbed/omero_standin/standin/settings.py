"""The server's configuration: etc/omero.properties, overridden by what `omero config` set."""

import re


class SettingsError(Exception):
    """A property's value is not what it must be; the text names both."""


def read_properties(text):
    """{key: value} of a Java properties text (one `key=value` a line, # for comments)."""
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.lstrip().startswith("#"))
    return {key.strip(): value.strip() for key, value in pairs}


class Settings:
    """Typed access to the properties; every error names the key."""

    def __init__(self, defaults, configured):
        self.values = {**defaults, **configured}

    def text(self, key):
        if key not in self.values:
            raise SettingsError(f"{key}: no value, and none in etc/omero.properties")
        return re.sub(r"\$\{(omero\.[\w.]+)\}", lambda other: self.text(other[1]), self.values[key])

    def seconds(self, key):
        value = self.text(key)
        if not re.fullmatch(r"\d+(\.\d+)?", value):
            raise SettingsError(f"{key}: expected seconds, like 0.5, not {value!r}")
        return float(value)

    def number(self, key):
        value = self.text(key)
        if not value.isdigit():
            raise SettingsError(f"{key}: expected a whole number, not {value!r}")
        return int(value)

    def flag(self, key):
        value = self.text(key).lower()
        if value not in ("true", "false"):
            raise SettingsError(f"{key}: expected true or false, not {value!r}")
        return value == "true"

    def read_only(self, part):
        """Whether `part` ("db" or "repo") is read-only; the deprecated omero.cluster.read_only sets both."""
        return self.flag("omero.cluster.read_only") or self.flag(f"omero.cluster.read_only.{part}")

    def database(self):
        """Arguments for psycopg2.connect."""
        return {
            "host": self.text("omero.db.host"),
            "port": self.number("omero.db.port"),
            "dbname": self.text("omero.db.name"),
            "user": self.text("omero.db.user"),
            "password": self.text("omero.db.pass"),
        }

    def patch(self):
        """(version, patch) of the schema that this release needs."""
        return self.text("omero.db.version"), self.number("omero.db.patch")

    def session_timeout(self):
        """Seconds that a session may be idle."""
        return self.number("omero.sessions.timeout") / 1000

    def version(self):
        """The bare number of omero.version, which is all that IConfig.getVersion tells, as OMERO's does."""
        found = re.match(r"\d+(\.\d+)+", self.text("omero.version"))
        if not found:
            raise SettingsError(f"omero.version: expected to begin with a number, not {self.text('omero.version')!r}")
        return found.group()

    def public(self):
        """{key: value} that clients may read through IConfig: no password, nothing of the database."""
        shown = ("omero.client.", "omero.web.", "omero.router.", "omero.upgrades.", "omero.pixeldata.")
        exact = ("omero.version", "omero.security.password_required", "omero.sessions.timeout", "omero.data.dir")
        found = {k: v for k, v in self.values.items() if k.startswith(shown) or k in exact}
        found.setdefault("omero.router.insecure", "")
        for part in ("db", "repo"):
            found[f"omero.cluster.read_only.runtime.{part}"] = str(self.read_only(part)).lower()
        return found
