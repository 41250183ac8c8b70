"""`make sbom`: what a mopenstack with all its extras for use is made of, dist/sbom.cdx.json (CycloneDX 1.6).

It is read off an environment of its own by cyclonedx-py, which lies in another one, so that it is no part of it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from demo.run import PIP
from demo.steps import ROOT, Command, Failed, Steps
from release.prove_dist import EXTRAS

TOOL = "cyclonedx-bom>=7"
OUT = ROOT / "dist" / "sbom.cdx.json"


def environment(steps: Steps, folder: Path, *wanted: str) -> Path:
    """The folder of an environment's programs, with these packages in it."""
    python = folder / "bin" / "python"
    steps.together(Command("an empty environment", [sys.executable, "-m", "venv", folder]))
    steps.together(Command("pip install", [python, "-m", "pip", "install", *wanted], PIP))
    return python.parent


def write(steps: Steps, scratch: Path) -> None:
    """The file, held against the schema of CycloneDX; raises Failed."""
    steps.say(f"an environment with mopenstack[{EXTRAS}]")
    described = environment(steps, scratch / "mopenstack", f"{ROOT}[{EXTRAS}]")
    # setuptools stays: the config drive's libraries need it.
    steps.together(Command("pip", [described / "pip", "uninstall", "--yes", "pip"]))
    steps.say(TOOL)
    tools = environment(steps, scratch / "cyclonedx", TOOL)
    OUT.parent.mkdir(exist_ok=True)
    words: list[str | Path] = [tools / "cyclonedx-py", "environment", described.parent, "--output-file", OUT]
    words += ["--spec-version", "1.6", "--output-format", "JSON", "--output-reproducible", "--validate"]
    words += ["--pyproject", ROOT / "pyproject.toml", "--mc-type", "application"]
    steps.together(Command("cyclonedx-py", words))
    bill = json.loads(OUT.read_text())
    parts, subject = bill["components"], bill["metadata"]["component"]
    unlicensed = sorted(part["name"] for part in parts if not part.get("licenses"))
    text = f"{OUT.relative_to(ROOT)}: {subject['name']} {subject['version']}, {len(parts)} components"
    steps.say(text + (f"; without a licence in their metadata: {', '.join(unlicensed)}" if unlicensed else ""))


def main() -> int:
    """Exit status 0 where the file is there and valid."""
    steps = Steps()
    with tempfile.TemporaryDirectory(prefix="mopenstack-sbom-") as scratch:
        try:
            write(steps, Path(scratch))
        except Failed as error:
            steps.say(str(error))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
