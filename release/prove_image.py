"""Prove an image that is unpacked in a folder: run it as a container runtime would, and look.

Started by image.sh in a network and mount namespace of its own, as root. The root is read-only but for the volume,
/run/mopenstack and /tmp; the process has the image's user, environment and command, and no more.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 10
BYTES_MAX = 400_000_000
"""Of the files, base included: a Python with gRPC, PostgreSQL's driver, OpenTelemetry and libraries of cryptography."""
TOKEN = "a-token-for-the-proof"
ADDRESS = "http://127.0.0.1:8800"


class Wrong(Exception):
    """What is not as it must be."""


class Image:
    """An unpacked root and its configuration, as `buildah inspect` shows it."""

    def __init__(self, root: Path, config: dict[str, Any]) -> None:
        self.root, self.config = root, config
        self.uid, self.gid = (int(part) for part in config["User"].split(":"))

    def start(self, words: Sequence[str], **variables: str) -> subprocess.Popen[str]:
        """A process in the root, as the image's user, with the image's environment."""
        environment = dict(one.split("=", 1) for one in self.config["Env"]) | variables

        def enter() -> None:
            os.chroot(self.root)
            os.chdir(self.config["WorkingDir"] or "/")
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)

        path = environment["PATH"]
        found = next(
            f"{folder}/{words[0]}" for folder in path.split(":") if os.path.lexists(f"{self.root}{folder}/{words[0]}")
        )
        return subprocess.Popen(
            [found, *words[1:]],
            env=environment,
            preexec_fn=enter,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def status(self, words: Sequence[str]) -> int:
        """The exit status of a command in it."""
        process = self.start(words)
        process.communicate(timeout=60)
        return process.returncode


def mount(root: Path, volumes: Sequence[str], uid: int, gid: int) -> None:
    """What a runtime mounts: the root read-only, /proc and /dev, and memory where the image writes."""
    subprocess.run(["mount", "--bind", root, root], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=True)
    subprocess.run(["mount", "--rbind", "/dev", root / "dev"], check=True)
    for place in (*volumes, "/run/mopenstack", "/tmp"):
        mode = "1777" if place == "/tmp" else "0700"
        owner = "0,gid=0" if place == "/tmp" else f"{uid},gid={gid}"
        options = f"mode={mode},uid={owner}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", f"{root}{place}"], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", root, root], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def check_configuration(config: dict[str, Any]) -> None:
    """What every runtime reads of it."""
    user = config["User"].split(":")
    if len(user) != 2 or not all(part.isdigit() and int(part) > 0 for part in user):
        raise Wrong(f"its user is {config['User']!r}")
    wanted = {"ExposedPorts": {"8800/tcp", "8801/tcp"}, "Volumes": {"/data"}}
    for key, names in wanted.items():
        if set(config.get(key) or {}) != names:
            raise Wrong(f"{key}: {config.get(key)}")
    if config.get("Healthcheck", {}).get("Test", [""])[0] != "CMD" or config.get("StopSignal") != "SIGTERM":
        raise Wrong(f"no health check or stop signal: {config}")
    builders = [one for one in config["Env"] if one.startswith(("PIP_", "http"))]
    if builders:
        raise Wrong(f"of the builder is left: {builders}")


def healthy(image: Image, process: subprocess.Popen[str]) -> float:
    """Seconds until the health check is content."""
    started = time.monotonic()
    while time.monotonic() - started < START_SECONDS_MAX:
        if process.poll() is not None:
            raise Wrong(f"it ended with {process.returncode}: {process.stdout.read() if process.stdout else ''}")
        if image.status(image.config["Healthcheck"]["Test"][1:]) == 0:
            return time.monotonic() - started
        time.sleep(0.2)
    raise Wrong("it does not become healthy")


def ask(verb: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], Any]:
    """Status, headers and JSON of a call."""
    data = None if body is None else json.dumps(body).encode()
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    request = urllib.request.Request(ADDRESS + path, data, {"Content-Type": "application/json", **named}, method=verb)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
            return answer.status, dict(answer.headers), json.loads(text) if text else None
    except urllib.error.HTTPError as refused:
        return refused.code, dict(refused.headers), None


def log_in() -> str:
    """A token of the user demo."""
    domain = {"id": "default"}
    user = {"name": "demo", "password": "secret", "domain": domain}
    scope = {"project": {"name": "demo", "domain": domain}}
    auth = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}
    status, headers, said = ask("POST", "/identity/v3/auth/tokens", {"auth": auth})
    addresses = [one["url"] for service in said["token"]["catalog"] for one in service["endpoints"]]
    if status != 201 or not all(one.startswith(ADDRESS) for one in addresses):
        raise Wrong(f"a login is answered with {status} and {addresses[:3]}")
    return headers["X-Subject-Token"]


def owners(pid: int) -> set[int]:
    """The user ids of a process: real, effective, saved and of files."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {int(one) for line in lines if line.startswith("Uid:") for one in line.split()[1:]}


def stopped(process: subprocess.Popen[str]) -> float:
    """Seconds that SIGTERM takes; it has to end well."""
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=STOP_SECONDS_MAX)
    if process.returncode != 0:
        raise Wrong(f"SIGTERM ends it with {process.returncode}: {said}")
    if TOKEN in said:
        raise Wrong("the admin token is in what it prints")
    return time.monotonic() - started


def prove(image: Image) -> None:
    """Two lives of one container: what the first wrote the second has."""
    check_configuration(image.config)
    command = [*image.config["Entrypoint"], *image.config["Cmd"]]
    process = image.start(command, MOPENSTACK_ADMIN_TOKEN=TOKEN)
    try:
        print(f"  healthy after {healthy(image, process):.1f} s", flush=True)
        if owners(process.pid) != {image.uid}:
            raise Wrong(f"its process has the user ids {owners(process.pid)}")
        token = log_in()
        status, _, made = ask("POST", "/network/v2.0/networks", {"network": {"name": "blue"}}, X_Auth_Token=token)
        if status != 201:
            raise Wrong(f"a network is answered with {status}")
        told = [ask("GET", "/_mopenstack/status")[0]]
        told.append(ask("GET", "/_mopenstack/status", Authorization=f"Bearer {TOKEN}")[0])
        if told != [401, 200]:
            raise Wrong(f"the admin API answers {told}")
        print(f"  it runs as {image.uid}; SIGTERM ends it in {stopped(process):.1f} s", flush=True)
        process = image.start(command)
        healthy(image, process)
        token = log_in()
        found = ask("GET", f"/network/v2.0/networks/{made['network']['id']}", X_Auth_Token=token)[0]
        if found != 200:
            raise Wrong(f"after another start the network is answered with {found}")
        stopped(process)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if image.status(image.config["Healthcheck"]["Test"][1:]) == 0:
        raise Wrong("the health check is content with what has ended")
    for module in ("asyncpg", "prometheus_client", "opentelemetry.sdk", "pycdlib", "jsonschema_rs"):
        if image.status(["python", "-c", f"import {module}"]):
            raise Wrong(f"{module} is missing")


def main() -> int:
    """Arguments: the root, and the file with what `buildah inspect` says."""
    root, inspected = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())
    image = Image(root, inspected["Docker"]["config"])
    size = sum(path.lstat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    print(f"  {size / 1e6:.0f} MB of files", flush=True)
    try:
        if size > BYTES_MAX:
            raise Wrong(f"it is larger than {BYTES_MAX / 1e6:.0f} MB")
        mount(root, list(image.config["Volumes"]), image.uid, image.gid)
        prove(image)
    except Wrong as error:
        print(f"release/prove_image.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
