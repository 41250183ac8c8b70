"""House rules that a machine can check."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.exchanges.export import SECTIONS

ROOT = Path(__file__).parent.parent
LINES_MAX = 400
BYTES_MAX = 200_000
BANNED = {
    "a folder of one machine": re.compile(r"/(?:work|root|home)/\w"),
    "a package registry's host": re.compile(
        r"pypi\.org|pythonhosted|npmjs|crates\.io|proxy\.golang|sum\.golang|maven\.org|deb\.debian|registry\.(?:terraform|opentofu)"
    ),
    "a note to come back": re.compile(r"\b(?:FIXME|XXX)\b"),
}
VENDORED = ("gateway/mopenstack/gateway/consoles/novnc/",)
"""Folders of what others wrote, as they publish it."""


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    own = (name for name in listed.split("\0") if name and not name.startswith(VENDORED))
    return [ROOT / name for name in own if (ROOT / name).is_file()]


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize("what", BANNED)
def test_no_file_names(what: str) -> None:
    """The repository speaks of the project alone."""
    pattern = BANNED[what]
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in _tracked()
        if path.name != Path(__file__).name
        for number, line in enumerate(_text(path).splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == [], f"these lines name {what}"


EXPORTED = {
    "schemas.json",
    "types.jsonl",
    "request_schemas.json",
    "passing.txt",
    *(f"{section}.jsonl.xz" for section in SECTIONS),
}
"""What a script of ours writes from upstream packages, however much that is."""


def test_files_are_small() -> None:
    """A module that no longer fits on a few screens wants to be two; a blob does not belong here."""
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in _tracked()
        if path.suffix == ".py" and (lines := len(path.read_text().splitlines())) > LINES_MAX
    ]
    large = [
        f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes"
        for path in _tracked()
        if path.stat().st_size > BYTES_MAX and path.name not in EXPORTED
    ]
    assert long + large == []


def test_every_test_of_the_repository_can_fail() -> None:
    """No test is skipped or expected to fail without a word."""
    pattern = re.compile(r"pytest\.mark\.(?:skip|xfail)\b(?!.*reason=)")
    found = [str(path.relative_to(ROOT)) for path in _tracked() if path.suffix == ".py" and pattern.search(_text(path))]
    assert found == []
