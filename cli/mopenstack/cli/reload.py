"""`mopenstack up --reload`: for people who work on mopenstack or a service of their own.

The cloud is a process of its own, which is started anew when a source file has changed; after a change of the contract
its Python is generated first. Addresses stay; state in memory does not, with `--data` all of it does.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from mopenstack.cli.output import complain, fail, say

SUFFIXES = (".yaml", ".json", ".tsv", ".proto")
LOOK_MILLISECONDS = 500
STOP_SECONDS_MAX = 20
SHOWN = 3


def reload(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Serve by this command until it is stopped; returns the exit status."""
    try:
        from watchfiles import PythonFilter, watch
    except ImportError:
        raise fail("--reload needs an extra: pip install 'mopenstack[reload]'") from None
    command = [*arguments, "--until", str(os.getpid())]
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    process = subprocess.Popen(command, env=environment)  # noqa: S603  # this command itself
    folders = list(watched())
    say(f"reload: {len(folders)} folders are watched")
    changes = watch(
        *folders,
        watch_filter=PythonFilter(extra_extensions=SUFFIXES),
        stop_event=stopped,
        rust_timeout=LOOK_MILLISECONDS,
        yield_on_timeout=True,
        raise_interrupt=False,
    )
    for change in changes:
        if not change:
            if process.poll() == 0:  # `mopenstack stop`
                return 0
            continue
        files = sorted({Path(path) for _, path in change})
        names = ", ".join(path.name for path in files[:SHOWN])
        say(f"reload: {names}{' ...' if len(files) > SHOWN else ''}")
        _stop(process)
        if any(path.suffix == ".proto" for path in files):
            _generate()
        process = subprocess.Popen(command, env=environment)  # noqa: S603  # this command itself
    _stop(process)
    return 0


def watched() -> Iterator[Path]:
    """The folders with source: every portion of mopenstack, its contract, and services of other distributions."""
    import mopenstack  # type: ignore[import-untyped,unused-ignore]  # a namespace
    from mopenstack.contract.service import installed

    own = [Path(portion) for portion in dict.fromkeys(mopenstack.__path__)]
    yield from own
    if (contract := _contract()) is not None:
        yield contract
    for service in installed().values():
        found = find_spec(service.core)
        for place in (found and found.submodule_search_locations) or ():
            if not any(Path(place).is_relative_to(portion) for portion in own):
                yield Path(place)


def free_port(host: str) -> int:
    """A port that nothing listens on."""
    with socket.socket() as taken:
        taken.bind((host, 0))
        number: int = taken.getsockname()[1]
        return number


def _contract() -> Path | None:
    """The contract's source, in a checkout."""
    import mopenstack  # type: ignore[import-untyped,unused-ignore]

    places = (Path(portion).parents[1] for portion in mopenstack.__path__)
    return next((place / "mopenstack" for place in places if (place / "generate.py").is_file()), None)


def _generate() -> None:
    contract = _contract()
    if contract is not None:
        done = subprocess.run([sys.executable, contract.parent / "generate.py"], check=False)  # noqa: S603  # our own
        if done.returncode:
            complain("The contract cannot be compiled; what was generated before is served.")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
