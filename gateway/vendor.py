"""Fetch the libraries of the web page from npm, and write the files of them that the page uses: `make vendor`.

`gateway/vendor.json` says which: versions, the integrity that npm must find, and files. npm fetches the packages and
checks them; the page's modules name each other by relative paths, so that no build is needed: what a library imports by
its bare name is written as such a path, and nothing else is changed. Beside each file lies its licence.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CHOSEN = HERE / "vendor.json"


def packed(name: str, version: str, folder: Path) -> bytes:
    """The package as npm has it."""
    command = ["npm", "pack", f"{name}@{version}", "--json", "--silent", "--pack-destination", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # of vendor.json alone
    if done.returncode != 0:
        sys.exit(f"{name} {version}: npm cannot fetch it:\n{done.stderr}")
    file: str = json.loads(done.stdout)[0]["filename"]
    return (folder / file).read_bytes()


def main() -> None:
    chosen: dict[str, Any] = json.loads(CHOSEN.read_text())
    for one in chosen["packages"]:
        target = HERE.parent / one["into"]
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            data = packed(one["name"], one["version"], Path(folder))
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
        if integrity != one["integrity"]:
            sys.exit(f"{one['name']} {one['version']}: is {integrity}, and not what {CHOSEN.name} says")
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for source, name in one["files"].items():
                member = archive.extractfile(f"package/{source}")
                assert member is not None, f"{one['name']} has no {source}"
                text = member.read().decode().rsplit("\n//# sourceMappingURL=", 1)[0].rstrip() + "\n"
                for bare, path in one.get("imports", {}).items():
                    text = text.replace(f'from"{bare}"', f'from"{path}"').replace(f"from '{bare}'", f"from '{path}'")
                (target / name).write_text(text)
                print(f"{one['name']} {one['version']} ({one['license']}): {(target / name).relative_to(HERE.parent)}")


if __name__ == "__main__":
    main()
