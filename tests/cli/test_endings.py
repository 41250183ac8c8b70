"""How a cloud starts beside others, ends, and what it keeps to itself."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import command, detached, server

END_SECONDS_MAX = 30
"""Half of what aiohttp waits for its clients when it is not told otherwise."""


def test_an_end_does_not_wait_for_clients(tmp_path: Path) -> None:
    """SIGTERM with a half-sent request and an idle connection ends within seconds."""
    with server("up", "--port", "0", state=tmp_path) as (process, line):
        port = int(line.split("http://127.0.0.1:")[1].split()[0].strip("/"))
        with socket.create_connection(("127.0.0.1", port)) as half, socket.create_connection(("127.0.0.1", port)):
            half.sendall(b"POST /identity/v3/auth/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
            time.sleep(0.2)
            process.terminate()
            process.wait(END_SECONDS_MAX)


def test_two_starts_in_one_state_folder(tmp_path: Path) -> None:
    """One serves, the other says so; neither is an orphan."""
    arguments = [sys.executable, "-P", "-m", "mopenstack.cli.main", "up", "--detach", "--port", "0"]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    starts = [
        subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        said = [start.communicate(timeout=60)[1] for start in starts]
        codes = [start.returncode for start in starts]
        assert sorted(codes) == [0, 1], said
        assert "state folder" in said[codes.index(1)] or "running already" in said[codes.index(1)]
    finally:
        command("stop", state=tmp_path, check=False)


def test_a_process_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    """The process id of a dead cloud may be another process's by now."""
    with detached(tmp_path):
        file = tmp_path / "mopenstack" / "cloud.json"
        assert file.stat().st_mode & 0o777 == 0o600
        kept = json.loads(file.read_text())
    with subprocess.Popen(["sleep", "60"]) as other:
        file.write_text(json.dumps({**kept, "pid": other.pid}))
        assert "No cloud is running" in command("stop", state=tmp_path, check=False).stderr
        assert other.poll() is None
        other.kill()


@pytest.mark.parametrize("how", ["foreign", "damaged", "newer"])
def test_a_database_that_cannot_be_used(tmp_path: Path, how: str) -> None:
    """A sentence says what is wrong and what to do; the file stays as it is."""
    data = tmp_path / "data"
    data.mkdir()
    file = data / "mopenstack.sqlite3"
    if how == "damaged":
        file.write_bytes(b"SQLite format 3\x00" + b"x" * 5000)
    else:
        table, column = ("other", "a") if how == "foreign" else ("alembic_version", "version_num")
        with contextlib.closing(sqlite3.connect(file)) as connection, connection:
            connection.execute(f"CREATE TABLE {table} ({column} TEXT)")
            connection.execute(f"INSERT INTO {table} VALUES ('9999')")
    before = shutil.copy(file, tmp_path / "before")
    refused = command("up", "--port", "0", "--data", str(data), state=tmp_path, check=False)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    said = {"foreign": "is not a database of mopenstack", "damaged": "is damaged", "newer": "by a newer mopenstack"}[
        how
    ]
    assert said in refused.stderr
    assert file.read_bytes() == Path(before).read_bytes()


def test_parts_of_uploads_are_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "blobs" / "default"
    folder.mkdir(parents=True)
    (folder / "x.part").write_bytes(b"half")
    with detached(tmp_path, "--data", str(tmp_path / "data")):
        assert list(folder.iterdir()) == []


def test_a_password_stays_a_secret(tmp_path: Path, postgres_url: str) -> None:
    """In the status, the state file and the process list a database's password is masked."""
    scheme, _, rest = postgres_url.partition("://")
    user, _, place = rest.rpartition("@")
    url = f"{scheme}://{user.partition(':')[0] or 'postgres'}:s3cr3t@{place}"
    with detached(tmp_path, "--store", url) as status:
        assert ":***@" in status["store"]
        assert "s3cr3t" not in (tmp_path / "mopenstack" / "cloud.json").read_text()
        listed = Path(f"/proc/{status['pid']}/cmdline").read_text()
        assert "up" in listed
        assert "s3cr3t" not in listed
