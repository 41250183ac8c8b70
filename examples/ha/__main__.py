"""`python -m examples.ha`: a cloud on three PostgreSQL nodes, on this machine, until it is interrupted.

Three nodes under Patroni, two cores on them, and a gateway in front of the cores. What is started lies in a folder that
goes with it, or in the one that `--folder` names; it says how to reach the cloud, and how to take something away.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from examples.ha.nodes import HOST, Nodes, free_ports

END_SECONDS_MAX = 10.0
CORES = 2
ENDING = (signal.SIGINT, signal.SIGTERM)


def start(folder: Path, name: str, *words: str, store: str = "") -> tuple[subprocess.Popen[str], str]:
    """A process of mopenstack, and its first line; its database is in no process list. Raises RuntimeError."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", "-m", "mopenstack.cli.main", *words],
        env={**os.environ, "XDG_STATE_HOME": str(folder / name), **({"MOPENSTACK_STORE": store} if store else {})},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if " at " not in line:
        process.wait(END_SECONDS_MAX)
        raise RuntimeError(f"mopenstack {words[0]} did not start: {line!r}")
    return process, line


def end(process: subprocess.Popen[str]) -> None:
    """Stop a process, by force where it must be."""
    process.terminate()
    try:
        process.wait(END_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def interrupted(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends it as Ctrl-C does; a second one does not end the end."""
    for one in ENDING:
        signal.signal(one, signal.SIG_IGN)
    raise KeyboardInterrupt


def run(folder: Path, port: int) -> None:
    """Serve until interrupted."""
    with ExitStack() as stack:
        print("Three PostgreSQL nodes start ...", flush=True)
        nodes = stack.enter_context(Nodes(folder / "nodes"))
        cores = [f"{HOST}:{number}" for number in free_ports(CORES)]
        for number, address in enumerate(cores):
            words = ("core", "--address", address, "--data", str(folder / "data"))
            process, _ = start(folder, f"core{number}", *words, store=nodes.url)
            stack.callback(end, process)
            print(f"core      pid {process.pid}  {address}", flush=True)
        process, line = start(folder, "gateway", "gateway", "--core", f"ipv4:{','.join(cores)}", "--port", str(port))
        stack.callback(end, process)
        url = line.split(" at ")[1].split()[0].rstrip(",")
        leader = nodes.leader()
        for node in nodes.nodes:
            role = "leads" if node is leader else "follows"
            print(f"node {node.name}   {role}, PostgreSQL at {HOST}:{node.port}, Patroni at http://{HOST}:{node.rest}")
        print(f"mopenstack is up at {url}, auth URL {url}/identity/v3, user admin, password secret", flush=True)
        signal.pause()


def main() -> None:
    options = argparse.ArgumentParser(prog="examples.ha", description=__doc__)
    options.add_argument("--port", type=int, default=8800, help="of the cloud; 0: a free one")
    options.add_argument("--folder", type=Path, help="where everything lies; it must not exist yet")
    chosen = options.parse_args()
    for one in ENDING:
        signal.signal(one, interrupted)
    with ExitStack() as stack:
        scratch = chosen.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mopenstack-ha-")))
        if chosen.folder and chosen.folder.exists():
            raise SystemExit(f"{chosen.folder} exists already.")
        try:
            run(scratch, chosen.port)
        except KeyboardInterrupt:
            print("Stopping ...", flush=True)


if __name__ == "__main__":
    main()
