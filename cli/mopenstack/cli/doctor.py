"""`mopenstack doctor`: what of this shell could reach a real cloud, and which tools are missing."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import shutil
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from mopenstack.cli import clouds_files, state
from mopenstack.cli.env import KNOWN, is_read
from mopenstack.cli.output import good, say
from mopenstack.cli.terraform import binary, provider_settings

TEXT_MAX = 1_000_000
SECRETS = ("PASSWORD", "TOKEN", "SECRET", "PASSCODE")
SELECTORS = ("OS_CLOUD", "OS_REGION_NAME", "OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE", "OS_CLOUD_NAME")
"""Variables that alone make no cloud for openstacksdk."""
TOOLS = {
    "terraform": "Terraform or OpenTofu, of your system's packages",
    "openstack": "pip install python-openstackclient",
    "ansible-playbook": "pip install ansible",
}
MODULES = {"openstack": "pip install openstacksdk", "pytest": "pip install pytest", "tftest": "pip install tftest"}


class Level(StrEnum):
    danger = "danger"
    """A client that is started here reaches something else than this machine."""
    warning = "warning"
    """A client would, if it is told so; or it would not work."""
    missing = "missing"
    ok = "ok"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    text: str


def doctor(as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """Say what could escape to a real cloud, and which tools are missing. Exit status 1: something could."""
    findings = list(examine(os.environ, Path.cwd()))
    escapes = any(one.level is Level.danger for one in findings)
    if as_json:
        say(json.dumps([asdict(one) for one in findings], indent=2))
    else:
        for one in findings:
            say(f"{good('ok') if one.level is Level.ok else one.level.value:8} {one.text}")
    if escapes:
        raise typer.Exit(1)


def examine(environment: Mapping[str, str], folder: Path) -> Iterator[Finding]:
    """All findings, for a client that is started in a folder."""
    running = state.read()
    own = running.url if running else ""
    where = f"mopenstack runs at {own}" if own else "no mopenstack runs here"
    yield Finding(Level.ok, where)
    yield from _variables(environment, own)
    yield from _files(environment, own)
    yield from _configurations(folder, own)
    yield from _proxies(own)
    yield from _tools()


def _variables(environment: Mapping[str, str], own: str) -> Iterator[Finding]:
    present = {key: value for key, value in sorted(environment.items()) if is_read(key) and value}
    for key, value in present.items():
        if "://" in value and not key.endswith(SECRETS) and not _is_near(value, own):
            yield Finding(Level.danger, f'{key} leads to {_shown(value)}: eval "$(mopenstack env --unset)"')
        elif key == "OS_AUTH_URL":
            yield Finding(Level.ok, f"OS_AUTH_URL leads to {_shown(value)}")
        elif key not in KNOWN and key not in SELECTORS:
            yield Finding(Level.warning, f"{key} is set: clients mix it with what `mopenstack env` sets")
    if not present:
        yield Finding(Level.ok, "no OS_* variables are set")


def _files(environment: Mapping[str, str], own: str) -> Iterator[Finding]:
    files = clouds_files.found(environment)
    known: dict[str, clouds_files.Entry] = {}
    for file in files:
        try:
            found = list(clouds_files.entries(file))
        except clouds_files.Unreadable as error:
            yield Finding(Level.warning, str(error))
            continue
        # Clients read the first file that there is.
        known = known or {one.name: one for one in found}
    chosen = environment.get("OS_CLOUD") or _only(known, environment)
    if environment.get("OS_CLOUD") and chosen not in known:
        yield Finding(Level.danger, f"OS_CLOUD={chosen} names an entry that is in no clouds.yaml found here")
    for file in files:
        yield from _entries(file, chosen if file == files[0] else "", own)
    for file in clouds_files.beside(environment):
        yield Finding(Level.warning, f"{file} is mixed into clouds.yaml")


def _only(known: Mapping[str, object], environment: Mapping[str, str]) -> str:
    """The one entry, which openstacksdk takes where no variable makes a cloud."""
    variables = {key for key in environment if is_read(key)} - set(SELECTORS)
    return next(iter(known), "") if len(known) == 1 and not variables else ""


def _entries(file: Path, chosen: str, own: str) -> Iterator[Finding]:
    try:
        found = list(clouds_files.entries(file))
    except clouds_files.Unreadable:
        return
    for one in found:
        away = [_shown(address) for address in one.addresses if not _is_near(address, own)]
        if one.profile:
            away.append(f"where the profile {one.profile} says")
        text = f"{file}: the cloud {one.name} leads to {', '.join(away)}" if away else f"{file}: {one.name} stays here"
        if one.name == chosen:
            text += "; it is what clients take if nothing else is said"
        yield Finding((Level.danger if one.name == chosen else Level.warning) if away else Level.ok, text)


_BLOCK = re.compile(r'^\s*provider\s+"openstack"\s*\{(.*?)^\}', re.DOTALL | re.MULTILINE)
_ADDRESS = re.compile(r'"(https?://[^"$]+)"')
_CLOUD = re.compile(r'^\s*cloud\s*=\s*"([^"]*)"', re.MULTILINE)


def _configurations(folder: Path, own: str) -> Iterator[Finding]:
    """What Terraform's provider blocks of a folder say for themselves: it goes before the environment."""
    for file in sorted(folder.glob("*.tf")):
        with file.open(errors="replace") as opened:
            text = opened.read(TEXT_MAX)
        for block in _BLOCK.findall(text):
            for address in _ADDRESS.findall(block):
                if not _is_near(address, own):
                    yield Finding(Level.danger, f"{file.name}: its provider leads to {_shown(address)}")
            for name in _CLOUD.findall(block):
                yield Finding(Level.danger, f"{file.name}: its provider takes the cloud {name} of clouds.yaml")


def _proxies(own: str) -> Iterator[Finding]:
    proxies = urllib.request.getproxies_environment()
    host = urlsplit(own).hostname or "127.0.0.1"
    for scheme in ("http", "https", "all"):
        if scheme in proxies and not urllib.request.proxy_bypass(host):
            text = f"requests to {host} go by way of the {scheme} proxy {_shown(proxies[scheme])}: add it to NO_PROXY"
            yield Finding(Level.warning, text)


def _tools() -> Iterator[Finding]:
    terraform = binary()
    for tool, how in TOOLS.items():
        path = terraform if tool == "terraform" else shutil.which(tool)
        yield Finding(Level.ok, f"{tool}: {path}") if path else Finding(Level.missing, f"{tool}: {how}")
    if terraform and not provider_settings(terraform):
        text = (
            "the provider comes from a registry, or as Terraform's configuration file says; offline: mopenstack tools"
        )
        yield Finding(Level.ok, f"{text} install provider")
    for module, how in MODULES.items():
        if find_spec(module):
            yield Finding(Level.ok, f"Python has {module}")
        else:
            yield Finding(Level.missing, f"Python's {module}: {how}")


def _is_near(address: str, own: str) -> bool:
    """Whether an address is this machine's, or the running mopenstack's."""
    parts = _split(address)
    if own and parts == _split(own):
        return True
    host = parts[0]
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(address: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(address)
        return parts.hostname or "", parts.port
    except ValueError:
        return "", None


def _shown(address: str) -> str:
    """Without a password, and what is asked."""
    return re.sub(r"//[^/@]*@", "//***@", address.partition("?")[0])
