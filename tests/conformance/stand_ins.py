"""What stands in for a cloud and for the programs of tools."""

from __future__ import annotations

import sys
from pathlib import Path

from mopenstack.conformance.cloud import Account, Cloud

ACCOUNT = Account(variables={"OS_AUTH_URL": "http://127.0.0.1:9/identity/v3", "OS_USERNAME": "demo"})
CLOUD = Cloud(name="here", demo=ACCOUNT)


def program(folder: Path, name: str, text: str) -> Path:
    """An executable of this Python."""
    path = folder / name
    path.write_text(f"#!{sys.executable} -P\n{text}")
    path.chmod(0o755)
    return path
