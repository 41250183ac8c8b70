"""A page for each file and folder of the repository that a page links to: so the links work wherever the site is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from docsite.repository import ROOT, relative, tracked

BYTES_MAX = 100_000
"""Of a longer file its beginning is shown."""
_LANGUAGES = {
    ".go": "go", ".json": "json", ".mod": "text", ".proto": "protobuf", ".py": "python", ".sh": "bash", ".tf": "hcl",
    ".toml": "toml", ".yaml": "yaml", ".yml": "yaml",
}  # fmt: skip
_FRONT = "---\nsearch:\n  exclude: true\nhide: [navigation]\n---\n\n"


def place(path: str) -> str:
    """The path in the site of the page of a file or folder."""
    return f"source/{path}.md" if (ROOT / path).is_file() else f"source/{path}/index.md"


def source_pages(paths: set[str]) -> Iterator[tuple[str, str]]:
    """(path in the site, Markdown) of files and folders of the repository, and of the files of these folders."""
    waiting, seen = sorted(paths), set(paths)
    while waiting:
        path = waiting.pop()
        if (ROOT / path).is_file():
            yield place(path), _file(path)
            continue
        inside = sorted(name for name in tracked() if str(PurePosixPath(name).parent) == path)
        further = [name for name in inside if name not in seen]
        seen.update(further)
        waiting += further
        rows = [f"- [{PurePosixPath(name).name}]({relative(place(name), place(path))})" for name in inside]
        yield place(path), f"{_FRONT}# `{path}`\n\n" + "\n".join(rows) + "\n"


def _file(path: str) -> str:
    octets = (ROOT / path).read_bytes()
    try:
        text = octets[:BYTES_MAX].decode(errors="strict" if len(octets) <= BYTES_MAX else "ignore")
    except UnicodeDecodeError:
        return f"{_FRONT}# `{path}`\n\n{len(octets)} bytes that are no text.\n"
    cut = f"\nThe first {BYTES_MAX} of {len(octets)} bytes.\n" if len(octets) > BYTES_MAX else ""
    mark = "`" * max(3, _longest_run(text) + 1)
    language = _LANGUAGES.get(PurePosixPath(path).suffix, "text")
    return f"{_FRONT}# `{path}`\n{cut}\n{mark}{language}\n{text.rstrip()}\n{mark}\n"


def _longest_run(text: str) -> int:
    """How many backticks stand in a row, at most."""
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest
