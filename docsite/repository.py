"""The files of the repository, as links of its pages name them."""

from __future__ import annotations

import posixpath
import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
ELSEWHERE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "conformance/README.md": "conformance.md",
    "proto/README.md": "contract.md",
}
"""Path in the repository -> path in the site, of the pages that are not in docs/."""

_FENCE = re.compile(r"^(?P<mark>`{3,}|~{3,}).*?^(?P=mark)[ \t]*\n", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(`+)(?:.(?!\1))*.\1|(?P<text>\[(?:[^\[\]]|\[[^\[\]]*\])*\])\((?P<target>[^()\s]+)\)", re.DOTALL)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:|#")


@cache
def tracked() -> frozenset[str]:
    """Every file under version control, and every folder that has one, as paths relative to the root.

    Raises ValueError where there is no git, or no checkout.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise ValueError(f"the documentation is built in a checkout, by its list of files: {error}") from None
    files = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    folders = {str(parent) for name in files for parent in Path(name).parents} - {"."}
    return frozenset(files | folders)


@cache
def pages() -> dict[str, str]:
    """Path in the repository -> path in the site, of every page that is written by hand."""
    of_docs = {name: name.removeprefix("docs/") for name in sorted(tracked()) if re.fullmatch(r"docs/.+\.md", name)}
    return {**ELSEWHERE, **of_docs}


def relative(target: str, page: str) -> str:
    """The link from one page of the site to a path of the site."""
    return posixpath.relpath(target, posixpath.dirname(page) or ".")


def outside_fences(text: str, change: Callable[[str], str]) -> str:
    """A Markdown text with a change of what is in no fenced block."""
    parts, end = [], 0
    for found in _FENCE.finditer(text):
        parts += [change(text[end : found.start()]), found.group()]
        end = found.end()
    return "".join([*parts, change(text[end:])])


def with_links(text: str, change: Callable[[str], str]) -> str:
    """A Markdown text with a change of the target of each link that is neither absolute nor within the page."""

    def one(found: re.Match[str]) -> str:
        target = found["target"]
        if target is None or _ABSOLUTE.match(target):
            return found.group()
        return f"{found['text']}({change(target)})"

    return outside_fences(text, lambda part: _LINK.sub(one, part))


def in_repository(target: str, page: str) -> tuple[str, str]:
    """(path, anchor with its #) of what a link of a page names; raises ValueError if it is not there."""
    path, mark, anchor = target.partition("#")
    found = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    if found not in tracked():
        raise ValueError(f"{page} links to {target}, and there is no {found}")
    return found, mark + anchor
