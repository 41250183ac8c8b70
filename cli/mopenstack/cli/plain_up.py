"""`mopenstack up` with the options that most starts have, read without the framework of the command line.

That one takes as long as a server takes to start. Whatever is not known here, or not right, is left to it: it has the
help, and the words for mistakes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mopenstack.cli.asked import WORKERS_MAX, Asked
from mopenstack.cli.starting import CHECK_KEPT_VARIABLE, STORE_VARIABLE
from mopenstack.contract.admin_access import VARIABLE

VARIABLES = (STORE_VARIABLE, CHECK_KEPT_VARIABLE, VARIABLE, "_MOPENSTACK_COMPLETE")
"""What the framework reads of the environment."""
FLAGS: Mapping[str, tuple[str, bool]] = {
    "--detach": ("detach", True),
    "--log": ("log", True),
    "--no-log": ("log", False),
    "--classic-ports": ("classic_ports", True),
    "--check-answers": ("check_answers", True),
    "--check-kept": ("check_kept", True),
    "--behind-proxy": ("behind_proxy", True),
}


def _port(text: str) -> int:
    return _number(text, 0, 65535)


def _process(text: str) -> int:
    return _number(text, 1, 2**31)


def _workers(text: str) -> int:
    return _number(text, 1, WORKERS_MAX)


def _number(text: str, low: int, high: int) -> int:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else -1
    if not low <= number <= high:
        raise ValueError
    return number


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return read


def _folder(text: str) -> Path:
    if not text or (os.path.exists(text) and not os.path.isdir(text)):
        raise ValueError
    return Path(text)


VALUES: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "--host": ("host", str),
    "--port": ("port", _port),
    "--grpc-port": ("grpc_port", _port),
    "--dns-port": ("dns_port", _port),
    "--data": ("data", _folder),
    "--profile": ("profile", _one_of("instant", "realistic", "manual")),
    "--journal": ("journal", _one_of("off", "calls", "bodies")),
    "--services": ("services", str),
    "--set": ("options", str),
    "--region": ("regions", str),
    "--release": ("release", str),
    "--workers": ("workers", _workers),
    "--until": ("until", _process),
}


def plain(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Asked | None:
    """What these arguments ask for; None where the framework is to read them."""
    if any(name in environment for name in VARIABLES):
        return None
    asked = Asked()
    left = list(arguments)
    while left:
        name, equals, value = left.pop(0).partition("=")
        if name in FLAGS and not equals:
            field, on = FLAGS[name]
            setattr(asked, field, on)
        elif name in VALUES and (equals or (left and not left[0].startswith("-"))):
            field, read = VALUES[name]
            try:
                found = read(value if equals else left.pop(0))
            except ValueError:
                return None
            if field in ("options", "regions"):
                getattr(asked, field).append(found)
            else:
                setattr(asked, field, found)
        else:
            return None
    return asked
