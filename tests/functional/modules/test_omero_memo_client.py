"""What opens images, run by the Python of the real omero-py where there is no server."""

import json
import socket
import subprocess
import time

import pytest

PASSWORD = "a-very-secret-word"


@pytest.fixture
def given():
    """Input for a port at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {"host": "127.0.0.1", "port": port, "user": "public", "password": PASSWORD, "pixels": 1, "timeout": 5}


@pytest.fixture
def run(real_omero):
    """Function ``(words, text)`` that runs the environment's Python."""

    def run(*words, text=""):
        command = [real_omero / "bin/python", *map(str, words)]
        return subprocess.run(command, input=text, capture_output=True, text=True, timeout=120)

    return run


def test_server_that_is_down_is_one_line_without_the_password(run, given, checkout):
    code = (checkout / "_utils/omero_memo_client.py").read_text()
    done = run("-c", code, text=json.dumps(given))
    assert (done.returncode, done.stdout) == (1, "")
    assert "ConnectionRefusedException" in done.stderr.splitlines()[-1]
    assert PASSWORD not in done.stderr


def test_worker_waits_for_the_server_and_then_gives_up_for_systemd_to_start_it_again(run, given, checkout, tmp_path):
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    psql = bin_folder / "psql"
    # a DOUBLE of psql: one image, and a database that is idle
    psql.write_text('#!/bin/sh\ncase "$(cat)" in copy*) echo 1,51,p,x.tiff;; *) echo "$(date +%s)|0|0";; esac\n')
    psql.chmod(0o755)
    limits = {"files_per_minute": 600, "max_load_per_processor": 10000, "max_database_sessions": 4}
    limits |= {"check_seconds": 1, "image_timeout": 5, "server_timeout": 2}
    folders = {"written": str(tmp_path), "read": [str(tmp_path)], "managed": "/managed"}
    settings = {"login": given, "database": dict.fromkeys(("host", "port", "name", "user"), "x"), "pgpass": PASSWORD}
    settings |= {"omerodir": "/nowhere", "folders": folders, "limits": limits}
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    progress = tmp_path / "progress"
    progress.mkdir()
    (progress / "request.json").write_text('{"id": "1", "part": 0, "parts": 1, "turn": 0, "turns": 1}')
    worker = ("-c", _with_path(checkout, bin_folder), tmp_path / "settings.json", progress)
    assert (run(*worker).returncode, run(*worker).stdout) == (0, "nothing is wanted\n")
    (progress / "wanted").touch()
    began = time.monotonic()
    done = run(*worker)
    assert done.returncode == 1
    assert 2 <= time.monotonic() - began < 60
    assert "ConnectionRefusedException" in done.stderr.splitlines()[-1]
    status = json.loads((progress / "status.json").read_text())
    assert (status["state"], status["files"]["total"], status["files"]["done"]) == ("waiting", 1, 0)
    assert (progress / "wanted").exists()
    assert PASSWORD not in done.stdout + done.stderr + json.dumps(status)


def _with_path(checkout, folder):
    return (
        f"import os, sys; sys.path.insert(0, {str(checkout / '_utils')!r});"
        f"os.environ['PATH'] = {str(folder)!r} + ':' + os.environ['PATH'];"
        "import omero_memo_worker; sys.exit(omero_memo_worker.main(*sys.argv[1:3]))"
    )


def test_worker_without_settings_says_so(run, checkout, tmp_path):
    (tmp_path / "request.json").write_text('{"id": "1"}')
    (tmp_path / "wanted").touch()
    done = run(checkout / "_utils/omero_memo_worker.py", tmp_path / "none.json", tmp_path)
    assert done.returncode == 1
    assert "none.json" in done.stderr.splitlines()[-1]
