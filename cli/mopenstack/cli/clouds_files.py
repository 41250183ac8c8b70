"""The clouds.yaml files that clients of this user find, and where their entries lead.

Source: openstack/config/loader.py of openstacksdk (CONFIG_FILES, SECURE_FILES, VENDOR_FILES); gophercloud looks in
some of these places.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SUFFIXES = (".yaml", ".yml", ".json")
OVERRIDE = "endpoint_override"
BYTES_MAX = 1_000_000


class Unreadable(Exception):
    """A file that is there and cannot be read as clouds.yaml."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A cloud of a file, and the addresses that it names: its auth URL, endpoint overrides."""

    name: str
    file: Path
    addresses: tuple[str, ...]
    profile: str
    """A vendor's or another profile that adds what is not here."""


def found(environment: Mapping[str, str]) -> list[Path]:
    """The files there are, in the order in which they are looked for: clients read the first one alone."""
    named = environment.get("OS_CLIENT_CONFIG_FILE")
    places = [Path(named)] if named else []
    places += [folder / f"clouds{suffix}" for folder in _folders(environment) for suffix in SUFFIXES]
    return [path for path in dict.fromkeys(places) if path.is_file()]


def beside(environment: Mapping[str, str]) -> list[Path]:
    """The files whose contents are mixed into those: secrets, and profiles of vendors."""
    named = environment.get("OS_CLIENT_SECURE_FILE")
    places = [Path(named)] if named else []
    names = [f"{word}{suffix}" for word in ("secure", "clouds-public") for suffix in SUFFIXES]
    places += [folder / name for folder in _folders(environment) for name in names]
    return [path for path in dict.fromkeys(places) if path.is_file()]


def entries(file: Path) -> Iterator[Entry]:
    """The clouds of a file; raises Unreadable."""
    import yaml

    try:
        with file.open("rb") as opened:
            document = yaml.safe_load(opened.read(BYTES_MAX))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Unreadable(f"{file} cannot be read: {type(error).__name__}") from None
    clouds = (document or {}).get("clouds") if isinstance(document or {}, dict) else None
    if not isinstance(clouds or {}, dict):
        raise Unreadable(f"{file} has no mapping under `clouds`")
    for name, settings in (clouds or {}).items():
        if isinstance(settings, dict):
            profile = settings.get("profile") or settings.get("cloud") or ""
            yield Entry(str(name), file, tuple(_addresses(settings)), str(profile))


def _addresses(settings: dict[str, Any]) -> Iterator[str]:
    auth = settings.get("auth")
    for key in ("auth_url", "endpoint"):
        for place in (auth if isinstance(auth, dict) else {}, settings):
            if key in place:
                yield str(place[key])
    for key, value in settings.items():
        if str(key).replace("-", "_").endswith(OVERRIDE):
            yield str(value)


def _folders(environment: Mapping[str, str]) -> list[Path]:
    from platformdirs import PlatformDirs

    places = PlatformDirs("openstack", "OpenStack", multipath=True)
    home = Path(environment.get("SNAP_REAL_HOME") or Path.home())
    named = (os.getcwd(), places.user_config_dir, f"{home}/.config/openstack", places.site_config_dir, "/etc/openstack")
    return list(dict.fromkeys(map(Path, named)))
