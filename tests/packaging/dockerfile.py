"""What a Dockerfile says of the image that its last stage makes."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Image:
    """The configuration of the last stage."""

    base: str = ""
    user: tuple[str, str] = ("", "")
    ports: list[int] = field(default_factory=list)
    volumes: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    stop_signal: str = ""


def instructions(text: str) -> list[tuple[str, str]]:
    """Word and rest of each instruction, without comments, lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found = []
    for line in joined.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word:
            found.append((word.upper(), rest.strip()))
    return found


def read_dockerfile(path: Path) -> Image:
    """The last stage's configuration."""
    image = Image()
    for word, rest in instructions(path.read_text()):
        match word:
            case "FROM":
                image = Image(base=rest.split()[0])
            case "USER":
                user, _, group = rest.partition(":")
                image.user = (user, group)
            case "EXPOSE":
                image.ports = [int(port) for port in rest.split()]
            case "VOLUME":
                image.volumes = json.loads(rest) if rest.startswith("[") else rest.split()
            case "ENV":
                image.environment |= dict(one.split("=", 1) for one in shlex.split(rest))
            case "ENTRYPOINT":
                image.entrypoint = json.loads(rest)
            case "CMD":
                image.command = json.loads(rest)
            case "HEALTHCHECK":
                image.healthcheck = json.loads(rest[rest.index("CMD") + 3 :])
            case "STOPSIGNAL":
                image.stop_signal = rest
            case _:
                pass
    return image
