"""Fetch noVNC's library from npm into the gateway, as it is published: `make vendor-novnc`.

The result is committed: neither a build nor a start needs npm. Another version: change the two values, run it.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "@novnc/novnc"
VERSION = "1.7.0"
INTEGRITY = "sha512-ucEJOx4T2avIRCleodk7YobZj5O2Ga2AeLfQ69A/yjG9HHba2+PDgwSkN3FttrmG+70ZGx21sElNFouK13RzyA=="
"""The digest that npm tells of the archive."""
FOLDER = Path(__file__).parent / "mopenstack" / "gateway" / "consoles" / "novnc"
_KEPT = ("core/", "vendor/", "docs/LICENSE", "LICENSE.txt", "AUTHORS")


def main() -> int:
    """Take the place of what is there; 1 where npm is missing or the archive is another one."""
    npm = shutil.which("npm")
    if npm is None:
        print("vendor-novnc: npm is not on PATH (it comes with Node)", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([npm, "pack", "--silent", f"{PACKAGE}@{VERSION}"], cwd=scratch, check=True)  # noqa: S603
        (archive,) = Path(scratch).glob("*.tgz")
        digest = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if digest != INTEGRITY:
            print(f"vendor-novnc: {PACKAGE} {VERSION} is {digest}, not {INTEGRITY}", file=sys.stderr)
            return 1
        shutil.rmtree(FOLDER, ignore_errors=True)
        with tarfile.open(archive) as files:
            for member in files:
                name = member.name.removeprefix("package/")
                if member.isfile() and name.startswith(_KEPT):
                    member.name = name
                    files.extract(member, FOLDER, filter="data")
    (FOLDER / "VERSION").write_text(f"{PACKAGE} {VERSION}\n")
    print(f"{PACKAGE} {VERSION} is in {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
