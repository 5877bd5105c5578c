"""omero_output: what OMERO's commands print, as they print it."""

import omero_output as output
import pytest

DIAGNOSTICS = """
================================================================================
OMERO Diagnostics (admin)
================================================================================
        
Commands:   java -version                  11.0.0    (/usr/bin/java)
Commands:   icegridnode --version          3.6.5     (/there/bin/icegridnode -- 2 others)
Commands:   psql --version                 not found

Component:  OMERO.py                       5.23.0
Component:  OMERO.server                   5.6.18-ice36

Server:     icegridnode                    running
Server:     Blitz-0                        active (pid = 4344, enabled)
Server:     DropBox                        inactive (disabled)
Server:     OMERO.Glacier2                 activating (enabled)

Log dir:    /there/var/log                 exists
Log files:  Blitz-0.log                    12.5 MB       errors=3    warnings=17  
Log files:  DropBox.log                    n/a
Log files:  Indexer-0.log                  2.0 KB       
Log files:  Total size                     12.50 MB

Parsing Blitz-0.log:[line:12] => Server restarted <= 

Environment:OMERO_HOME=(unset)             
Environment:OMERODIR=/opt/omero/server/OMERO.server 
Environment:PATH=/usr/sbin:/usr/bin:/sbin:/bin:/a/very/long/one 

OMERO SSL port:4064                           
OMERO TCP port:4063                           
OMERO data dir:'/data/OMERO'                  Exists? True\tIs writable? False
OMERO temp dir:'/var/lib/omero-server/omero/tmp' Exists? True\tIs writable? True   (Size: 81)

JVM settings: Blitz-${index}                -Xmx600m -XX:+UseG1GC
Jar:        lib/server/omero-server.jar    omero-server\t5.6.10
"""  # noqa: W291, W293


def test_diagnostics():
    found = output.diagnostics(DIAGNOSTICS)
    assert found["commands"] == {
        "java": {"version": "11.0.0", "path": "/usr/bin/java"},
        "icegridnode": {"version": "3.6.5", "path": "/there/bin/icegridnode"},
        "psql": {"version": None, "path": None},
    }
    assert found["versions"] == {"OMERO.py": "5.23.0", "OMERO.server": "5.6.18-ice36"}
    assert found["grid"] == "running"
    assert found["components"]["Blitz-0"] == {"state": "active", "pid": 4344, "enabled": True}
    assert found["components"]["DropBox"] == {"state": "inactive", "pid": None, "enabled": False}
    assert found["components"]["OMERO.Glacier2"] == {"state": "activating", "pid": None, "enabled": True}
    assert found["environment"] == {
        "OMERO_HOME": None,
        "OMERODIR": "/opt/omero/server/OMERO.server",
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin:/a/very/long/one",
    }
    assert found["ports"] == {"ssl": 4064, "tcp": 4063}
    assert found["folders"] == {
        "data": {"path": "/data/OMERO", "exists": True, "writable": False},
        "temp": {"path": "/var/lib/omero-server/omero/tmp", "exists": True, "writable": True, "bytes": 81},
    }
    assert found["jvm"] == {"Blitz-${index}": ["-Xmx600m", "-XX:+UseG1GC"]}
    assert found["logs"]["Blitz-0.log"] == {"size": "12.5 MB", "errors": 3, "warnings": 17}
    assert found["logs"]["DropBox.log"] == {"size": "n/a"}
    assert found["logs"]["Indexer-0.log"] == {"size": "2.0 KB", "errors": 0, "warnings": 0}
    assert found["jars"] == {"lib/server/omero-server.jar": "omero-server\t5.6.10"}
    assert found["notes"] == ["Blitz-0.log [line:12] => Server restarted <="]


def test_diagnostics_of_nothing():
    found = output.diagnostics("")
    assert found["grid"] is None
    assert not any(value for key, value in found.items())


@pytest.mark.parametrize(
    ("options", "size"),
    [
        (["-Xmx600m"], 600 << 20),
        (["-XX:+X", "-Xmx24G"], 24 << 30),
        (["-Xmx1048576"], 1 << 20),
        (["-Xms1g"], None),
        ([], None),
    ],
)
def test_heap(options, size):
    assert output.heap(options) == size


def test_jvm():
    said = "JVM Settings:\n============\nblitz=-Xmx2G -XX:+G # Settings({'heap_size': '2G'})\nindexer=-Xmx400m\n"
    assert output.jvm(said) == {
        "blitz": {"options": ["-Xmx2G", "-XX:+G"], "heap_bytes": 2 << 30, "settings": "Settings({'heap_size': '2G'})"},
        "indexer": {"options": ["-Xmx400m"], "heap_bytes": 400 << 20, "settings": None},
    }


def test_component_that_says_nothing():
    assert output.component("") == {"state": "unknown", "pid": None, "enabled": None}


CLEANSE = r"""Reconciling OMERO data directory...
 /OMERO/Pixels
   \_ /OMERO/Pixels/99 (remove)
   \_ /OMERO/Pixels/with (remove) in it (remove)
   \_ /OMERO/Pixels/1 (keep)
Reconciling OMERO data directory...
 /OMERO/Files
   \_ /OMERO/Files/Dir-001/1234 (removedir)
Cleansing context: 3 files (5 bytes)
Removing empty directories from...
 /OMERO/ManagedRepository
   \_ /OMERO/ManagedRepository/a/b/ (remove)
"""


def test_cleansed():
    assert output.cleansed(CLEANSE) == {
        "files": ["/OMERO/Pixels/99", "/OMERO/Pixels/with (remove) in it"],
        "folders": ["/OMERO/Files/Dir-001/1234"],
        "empty_folders": ["/OMERO/ManagedRepository/a/b/"],
    }
    assert output.cleansed("") == {"files": [], "folders": [], "empty_folders": []}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Would remove 5_pyramid\nRemoving 6_pyramid\n", {"removed": ["5_pyramid", "6_pyramid"]}),
        ("No more than 500 pyramids will be removed\nWould remove pyramid for image 12\n", {"removed": [12]}),
        (
            "Pyramid removed for image 7\nFailed to remove for image 8: locked\n",
            {"removed": [7], "failed": {8: "locked"}},
        ),
        ("Failed to load pyramids: no-way\n", {"error": "no-way"}),
        ("No pyramids to remove\n", {}),
    ],
)
def test_pyramids(said, expected):
    assert output.pyramids(said) == {"removed": [], "failed": {}, "error": None, **expected}


def test_mailed():
    said = "Successfully sent 3 of 5 emails\n1 users had no email address\n2 email addresses were invalid\n"
    assert output.mailed(said) == {"sent": 3, "of": 5, "no_address": 1, "bad_address": 2}
    assert output.mailed("Successfully sent 1 of 1 emails\n") == {"sent": 1, "of": 1, "no_address": 0, "bad_address": 0}
