"""A segmented object of 2 GiB, put and got by the `swift` command: mopenstack beside a bare aiohttp file server."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from peers import Peer, files, login, mopenstack, rss_bytes

SIZE = 2 * 1024**3
SEGMENT = 256 * 1024**2
SWIFT = Path(sys.executable).with_name("swift")

Note = Callable[[str, str, float], None]


class Memory:
    """The most memory that a process had in a block, beside what it had at its beginning; bytes."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look)
        self.grown = 0

    def __enter__(self) -> Memory:
        self._before = rss_bytes(self._pid)
        self._watch.start()
        return self

    def _look(self) -> None:
        while not self._done.wait(0.1):
            self.grown = max(self.grown, rss_bytes(self._pid) - self._before)

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watch.join()


def measure(note: Note) -> None:
    """One upload and one download of each server."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        source = Path(folder) / "source"
        with source.open("wb") as file:
            file.truncate(SIZE)
        plain = files(source)
        try:
            _rates(note, "bare aiohttp", f"{plain.url}/v1/x", "none", source)
        finally:
            plain.stop()
        cloud = mopenstack()
        try:
            _of_cloud(note, cloud, source)
        finally:
            cloud.stop()


def _of_cloud(note: Note, cloud: Peer, source: Path) -> None:
    token, project = login(cloud.url)
    with Memory(cloud.process.pid) as memory:
        _rates(note, "mopenstack", f"{cloud.url}/object-store/v1/AUTH_{project}", token, source)
    note("memory for an object of 2 GiB (MB)", "mopenstack", memory.grown / 1e6)


def _rates(note: Note, server: str, url: str, token: str, source: Path) -> None:
    signed = [str(SWIFT), "--quiet", "--os-storage-url", url, "--os-auth-token", token]
    upload = ["upload", "--segment-size", str(SEGMENT), "--ignore-checksum", "--object-name", "big", "bench"]
    note("swift upload of 2 GiB in segments (MB/s)", server, _rate([*signed, *upload, str(source)]))
    download = ["download", "--ignore-checksum", "--output", "/dev/null", "bench", "big"]
    note("swift download of 2 GiB in segments (MB/s)", server, _rate([*signed, *download]))


def _rate(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True)
    return SIZE / 1e6 / (time.perf_counter() - started)
