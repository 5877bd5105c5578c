"""
A DOUBLE of OMERO's commands for the functional tests: `omero`, the venv's `python` and `psql` write down how
they were called and do the little that the states need. The real commands are run by tests/local.
"""

import json
import pathlib
import shlex
import sys
import xml.etree.ElementTree as ElementTree

PROGRAM = """#!{python}
import sys
sys.path[:0] = [{here!r}, {utils!r}]
import omero_double
sys.exit(omero_double.{name}({state!r}))
"""


class Installation:
    """Folders of an installation whose commands are doubles; `state` is what they keep on disk."""

    def __init__(self, folder):
        self.folder, self.omerodir, self.venv = folder, folder / "OMERO.server", folder / "venv"
        (self.omerodir / "etc/grid").mkdir(parents=True)
        (self.venv / "bin").mkdir(parents=True)
        for name in ("omero", "python", "psql"):
            program = self.venv / "bin" / name
            here = pathlib.Path(__file__).resolve().parent
            places = {"here": str(here), "utils": str(here.parents[2] / "_utils"), "state": str(folder)}
            program.write_text(PROGRAM.format(python=sys.executable, name=name, **places))
            program.chmod(0o755)

    @property
    def calls(self):
        """Every call so far: ``{"argv": [...], "env": {...}, "files": {path: [mode, text]}}``."""
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def forget(self):
        (self.folder / "calls").unlink(missing_ok=True)

    def database(self, **state):
        """What the database is like: refuses (so many calls), dbpatch (a row)."""
        (self.folder / "database").write_text(json.dumps(state))


def _record(state, environment):
    files = {}
    for word in [*sys.argv[1:], environment.get("PGPASSFILE", "")]:
        path = pathlib.Path(word)
        if word.startswith("/") and path.is_file():
            files[word] = [oct(path.stat().st_mode & 0o777), path.read_text()]
    call = {"argv": sys.argv, "env": dict(environment), "files": files}
    with pathlib.Path(state, "calls").open("a") as calls:
        calls.write(json.dumps(call) + "\n")


def _config(omerodir, lines):
    """`config set` as OMERO does it, on its own file format."""
    path = pathlib.Path(omerodir, "etc/grid/config.xml")
    properties = {}
    if path.exists():
        root = ElementTree.parse(path).getroot()
        properties = {p.get("name"): p.get("value") for p in root.find("properties[@id='default']")}
    for line in lines:
        words = shlex.split(line)
        if words[:3] != ["config", "set", "--"]:
            return 1
        if words[3].startswith("refuse"):
            print(f"Ignoring error: {line}", file=sys.stderr)
            return 1
        properties.pop(words[3], None)
        properties.update([words[3:]] if words[4:] else [])
    root = ElementTree.Element("icegrid")
    block = ElementTree.SubElement(root, "properties", id="default")
    for key, value in properties.items():
        ElementTree.SubElement(block, "property", name=key, value=value)
    ElementTree.ElementTree(root).write(path)
    return 0


def omero(state):
    import os

    _record(state, os.environ)
    if sys.argv[1] == "load":
        return _config(os.environ["OMERODIR"], pathlib.Path(sys.argv[2]).read_text().splitlines())
    if sys.argv[1:3] == ["db", "script"]:
        import omero_password

        words = dict(zip(sys.argv[3::2], sys.argv[4::2], strict=True))
        digest = omero_password.digest(words["--password"], 0)
        pathlib.Path(words["-f"]).write_text(f"BEGIN;\ninsert into password values (0, '{digest}');\nCOMMIT;\n")
        return 0
    print(f"double: unknown {sys.argv[1:]}", file=sys.stderr)
    return 2


def python(state):
    print("omero.db.version=OMERO5.4\nomero.db.patch=0")
    return 0


def psql(state):
    import os

    _record(state, os.environ)
    path = pathlib.Path(state, "database")
    database = json.loads(path.read_text())
    if database.get("refuses"):
        database["refuses"] -= 1
        path.write_text(json.dumps(database))
        print("psql: error: connection refused", file=sys.stderr)
        return 2
    if sys.argv[-2:] != ["-f", "-"]:
        database["dbpatch"] = "0|OMERO5.4"
        path.write_text(json.dumps(database))
    elif "to_regclass" in sys.stdin.read():
        print(database.get("dbpatch") or "")
    return 0
