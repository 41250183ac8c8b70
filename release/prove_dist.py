"""`make dist`: build the source distribution and the wheel, and prove both on a machine that has no checkout.

The wheel is made of the source distribution (python -m build). What it holds is compared with the tree; its metadata
are read; it is installed into empty environments in a folder outside of the repository, with and without extras, by
pip, pipx and uvx; and a cloud of it is started, asked and stopped there. What it needs is fetched from the index once,
into a folder from which all of these environments are then made.
"""

from __future__ import annotations

import argparse
import email
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import urllib.request
import zipfile
from email.message import Message
from pathlib import Path
from typing import Any

from demo.run import PIP
from demo.steps import ROOT, Command, Failed, Steps

SECONDS_MAX = 900
PARTS = ("cli", "conformance", "core", "gateway", "testing", "proto/gen", "proto/python")
"""Folders whose `mopenstack` is in the package."""
NOT_IN_IT = ("__pycache__", ".pyc", ".terraform", ".tfstate")
SCENARIO = "network-basics"
EXTRAS = "check,config-drive,conformance,metrics,otel,postgres,pytest,real,reload,testcontainers"
"""For use; those for the development of mopenstack are not among them."""
INSTALLERS = ("uv", "pipx")


class Wrong(Exception):
    """What is not as it must be."""


class Proof(Steps):
    """The steps, with what they make in a scratch folder."""

    def __init__(self, out: Path, scratch: Path) -> None:
        super().__init__()
        self.out, self.scratch, self.wheels = out, scratch, scratch / "wheels"
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("OS_", "PYTHON", "VIRTUAL_"))}
        # No cloud's and no Python's variables.
        self._environment = {**kept, "XDG_STATE_HOME": str(scratch / "state"), **PIP}
        self._offline: dict[str, str] = {}

    def run(self, *words: str | Path, check: bool = True) -> str:
        """What a command printed, outside of the repository."""
        done = subprocess.run(
            [str(word) for word in words],
            cwd=self.scratch,
            env={**self._environment, **self._offline},
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        if check and done.returncode:
            raise Wrong(f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def long(self, name: str, *words: str | Path) -> None:
        """A command that takes its time, with what it says of itself."""
        environment = {**self._environment, **self._offline}
        self.together(Command(name, words, folder=self.scratch, inherited=environment))

    def fetch(self, wheel: Path) -> None:
        """The wheels of all that is installed here, this one's included; nothing else is used from then on."""
        backend = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
        python = self.scratch / "fetcher" / "bin" / "python"
        self.long("an empty environment", sys.executable, "-m", "venv", python.parents[1])
        wanted = (f"{wheel}[{EXTRAS}]", *INSTALLERS, *backend)
        self.long("pip wheel", python, "-m", "pip", "wheel", "--wheel-dir", self.wheels, *wanted)
        for installer in ("PIP", "UV"):
            self._offline |= {f"{installer}_NO_INDEX": "1", f"{installer}_FIND_LINKS": str(self.wheels)}
        self._offline |= {"UV_CACHE_DIR": str(self.scratch / "uv"), "PIPX_HOME": str(self.scratch / "pipx")}
        self._offline |= {"PIPX_BIN_DIR": str(self.scratch / "pipx-bin")}

    def built(self) -> tuple[Path, Path]:
        """The source distribution, and the wheel that is made of it."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.long("build", sys.executable, "-m", "build", "--no-isolation", "--outdir", self.out, ROOT)
        (source,), (wheel,) = self.out.glob("*.tar.gz"), self.out.glob("*.whl")
        return source, wheel

    def environment(self, name: str, *wanted: str) -> Path:
        """The `bin` folder of an empty environment with these packages in it."""
        folder = self.scratch / name
        self.long("an empty environment", sys.executable, "-m", "venv", folder)
        self.long("pip install", folder / "bin" / "pip", "install", *wanted)
        return folder / "bin"

    def cloud(self, *mopenstack: str | Path, services: str = "compute") -> None:
        """Start a cloud by a command, ask it as a client would, and stop it."""
        self.run(*mopenstack, "up", "--detach", "--port", "0", "--services", services)
        try:
            status = json.loads(self.run(*mopenstack, "status", "--json"))
            token = log_in(f"{status['url']}/identity/v3")
            flavors = ask(f"{status['url']}/compute/v2.1/flavors", token)["flavors"]
            if not any(flavor["name"] == "m1.tiny" for flavor in flavors):
                raise Wrong(f"no flavor m1.tiny, but {flavors}")
        finally:
            self.run(*mopenstack, "stop", check=False)


def log_in(auth_url: str) -> str:
    """A token of the user demo."""
    domain = {"id": "default"}
    user = {"name": "demo", "password": "secret", "domain": domain}
    auth = {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": {"name": "demo", "domain": domain}},
    }
    data = json.dumps({"auth": auth}).encode()
    request = urllib.request.Request(f"{auth_url}/auth/tokens", data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        token: str = answer.headers["X-Subject-Token"]
        return token


def ask(url: str, token: str) -> dict[str, Any]:
    """The JSON of a GET."""
    with urllib.request.urlopen(urllib.request.Request(url, headers={"X-Auth-Token": token}), timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def wanted_files() -> set[str]:
    """What the tree has that the wheel must have, as the wheel names it."""
    found = set()
    for part in PARTS:
        folder = ROOT / part
        found |= {str(path.relative_to(folder)) for path in (folder / "mopenstack").rglob("*") if path.is_file()}
    fixtures = ROOT / "terraform-fixtures"
    files = (path.relative_to(fixtures) for path in fixtures.rglob("*") if path.is_file())
    found |= {f"mopenstack/conformance/fixtures/{path}" for path in files}
    return {name for name in found if not any(part in name for part in NOT_IN_IT)}


def check_contents(source: Path, wheel: Path) -> int:
    """All is in the wheel, and nothing besides; the source distribution has what a build needs. How many files."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name and not name.endswith("/")}
    wanted = wanted_files()
    if wanted != names:
        raise Wrong(f"not in the wheel: {sorted(wanted - names)[:20]}; not in the tree: {sorted(names - wanted)[:20]}")
    with tarfile.open(source) as packed:
        there = {member.name.partition("/")[2] for member in packed.getmembers()}
    needed = {"LICENSE", "README.md", "pyproject.toml", "proto/generate.py"}
    needed |= {str(path.relative_to(ROOT)) for path in (ROOT / "proto" / "mopenstack").rglob("*.proto")}
    if missing := {name for name in needed if name not in there}:
        raise Wrong(f"not in the source distribution: {sorted(missing)}")
    return len(names)


def check_metadata(wheel: Path) -> None:
    """The metadata say what pyproject.toml says, and name no address that nobody has."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
        said: Message = email.message_from_bytes(archive.read(name))
        entries = archive.read(name.replace("METADATA", "entry_points.txt")).decode()
        licences = [one for one in archive.namelist() if one.endswith("licenses/LICENSE")]
    expected = {
        "Name": project["name"],
        "Version": project["version"],
        "Summary": project["description"],
        "License-Expression": "Apache-2.0",
        "Requires-Python": project["requires-python"],
        "Description-Content-Type": "text/markdown",
    }
    for key, value in expected.items():
        if said[key] != value:
            raise Wrong(f"{key} is {said[key]!r}, not {value!r}")
    extras = set(said.get_all("Provides-Extra") or [])
    if extras != set(project["optional-dependencies"]):
        raise Wrong(f"its extras are {sorted(extras)}")
    classifiers = said.get_all("Classifier") or []
    if sorted(classifiers) != sorted(project["classifiers"]) or any("License ::" in one for one in classifiers):
        raise Wrong(f"its classifiers are {classifiers}")
    if not licences or "mopenstack = mopenstack.cli.main:main" not in entries:
        raise Wrong("the licence or the command is missing")
    pinned = [one for one in said.get_all("Requires-Dist") or [] if "@" in one]
    if pinned:
        raise Wrong(f"it wants packages from addresses: {pinned}")


def prove(proof: Proof) -> None:
    """All of it."""
    proof.say("python -m build")
    source, wheel = proof.built()
    count = check_contents(source, wheel)
    check_metadata(wheel)
    for file in (wheel, source):
        proof.say(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")
    proof.say(f"{count} files in the wheel, as in the tree; metadata as in pyproject.toml")

    proof.say(f"what it needs with extras ({EXTRAS}), and what installs it")
    proof.fetch(wheel)

    proof.say("pip install of the wheel alone; a cloud")
    plain = proof.environment("plain", str(wheel))
    version = proof.run(plain / "mopenstack", "--version").split()[-1]
    if version not in wheel.name:
        raise Wrong(f"it calls itself {version}")
    proof.run(plain / "python", "-m", "pip", "check")
    proof.cloud(plain / "mopenstack")
    said = proof.run(plain / "mopenstack", "conformance", "run", SCENARIO, check=False)
    if "passed" in said:
        raise Wrong("the suite runs without its extra")

    proof.say("pip install of the wheel with its extras; the suite's scenarios, the pytest plugin")
    whole = proof.environment("extras", f"{wheel}[{EXTRAS}]")
    proof.run(whole / "python", "-m", "pip", "check")
    listed = json.loads(proof.run(whole / "mopenstack", "conformance", "list", "--json"))
    if len(listed) < 50:
        raise Wrong(f"the suite has {len(listed)} scenarios")
    (proof.scratch / "test_one.py").write_text(
        "def test_one(cloud):\n    assert cloud.connection().network.create_network(name='blue').status == 'ACTIVE'\n"
    )
    if "1 passed" not in (said := proof.run(whole / "python", "-m", "pytest", "-q", "test_one.py")):
        raise Wrong(said)
    modules = "asyncpg, jsonschema_rs, openstack, opentelemetry.sdk, prometheus_client, pycdlib, watchfiles"
    proof.run(whole / "python", "-c", f"import {modules}, mopenstack.testing.container")

    proof.say("pip install of the source distribution; a cloud")
    proof.cloud(proof.environment("source", str(source)) / "mopenstack", services="compute")

    helpers = proof.environment("helpers", *INSTALLERS)
    proof.say("uvx --from the wheel; a cloud")
    proof.cloud(helpers / "uvx", "--python", sys.executable, "--from", str(wheel), "mopenstack")
    proof.say("pipx install; a cloud")
    proof.run(helpers / "pipx", "install", "--python", sys.executable, str(wheel))
    proof.cloud(proof.scratch / "pipx-bin" / "mopenstack")
    proof.say("all of it is as it must be")


def main() -> int:
    """Exit status 0 where all of it holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where the two files go")
    with tempfile.TemporaryDirectory(prefix="mopenstack-dist-") as scratch:
        proof = Proof(parser.parse_args().out.absolute(), Path(scratch))
        try:
            prove(proof)
        except (Wrong, Failed, subprocess.SubprocessError) as error:
            proof.say(str(error))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
