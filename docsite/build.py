"""The build: pages are staged, the generator makes HTML of them, and the links of the result are checked."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import yaml

from docsite import navigation
from docsite.figures import with_figures
from docsite.links import broken
from docsite.llms import llms_files
from docsite.reference import reference
from docsite.repository import ROOT, in_repository, outside_fences, pages, relative, with_links
from docsite.sources import place, source_pages

_LINES_SHOWN_MAX = 200
_NOT_RUN = re.compile(r'^(```)sh not-run="([^"]*)"\n(.*?)^```\n', re.MULTILINE | re.DOTALL)
_TABLE_CODE = re.compile(r"^\|.*\n", re.MULTILINE)
_SHIM = "https://unpkg.com/iframe-worker/shim"
_VENDOR = Path(__file__).with_name("vendor")


class BuildError(Exception):
    """The generator refused something, or a link leads nowhere."""


def build(out: Path, telling: Callable[[str], AbstractContextManager[None]] | None = None) -> int:
    """Write the site into a folder, which is replaced; returns how many pages it has.

    `telling` is given the name of each step, and left when it has ended.

    Raises BuildError, NavigationError, and ValueError for a link to a file that is not there.
    """
    telling = telling or _untold
    settings, nav = configuration()
    navigation.check(nav, pages())
    with telling("the pages, and the API reference out of the contract"):
        texts = staged()
        found = reference()
    texts |= found.pages
    nav = [*nav, {"API reference": found.nav}]
    with tempfile.TemporaryDirectory(prefix="mopenstack-docs-") as name:
        stage = Path(name)
        _write(stage / "docs", {**texts, **found.files, "site.css": Path(__file__).with_name("site.css").read_text()})
        (stage / "mkdocs.yml").write_text(settings + yaml.safe_dump({"nav": nav}, sort_keys=False))
        with telling(f"zensical makes HTML of {len(texts)} pages"):
            generate(stage)
        with telling("llms.txt, scripts of our own, and every link and anchor"):
            _write(stage / "site", llms_files(texts, nav))
            _without_other_hosts(stage / "site")
            wrong = broken(stage / "site")
        if wrong:
            raise BuildError("\n".join(wrong[:_LINES_SHOWN_MAX]))
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(stage / "site", out)
    return len(texts)


def _untold(_: str) -> AbstractContextManager[None]:
    return nullcontext()


def configuration() -> tuple[str, list[Any]]:
    """(the generator's settings as text, the navigation), which ends the file."""
    text = (ROOT / navigation.SETTINGS).read_text()
    settings, mark, nav = text.partition("\nnav:\n")
    if not mark:
        raise BuildError(f"{navigation.SETTINGS} has no `nav:`")
    return f"{settings}\n", yaml.safe_load(f"nav:\n{nav}")["nav"]


def staged() -> dict[str, str]:
    """Path in the site -> Markdown, of the pages that are written by hand and of the files that they link to."""
    sources: set[str] = set()
    texts = {}
    for page, path in pages().items():

        def change(target: str, page: str = page, path: str = path) -> str:
            found, anchor = in_repository(target, page)
            if found in pages():
                return relative(pages()[found], path) + anchor
            sources.add(found)
            return relative(place(found), path)

        texts[path] = for_site(with_figures(with_links((ROOT / page).read_text(), change)))
    return texts | dict(source_pages(sources))


def for_site(text: str) -> str:
    """A page as the generator wants it: reasons of blocks that are not run as a line, and | in the code of tables."""
    told = _NOT_RUN.sub(r"\1sh\n\3\1\n\n*Not run by the tests: \2.*\n\n", text)
    return outside_fences(told, lambda part: _TABLE_CODE.sub(lambda row: _unescaped(row.group()), part))


def _unescaped(row: str) -> str:
    return re.sub(r"`[^`]*`", lambda code: code.group().replace("\\|", "|"), row)


def _write(folder: Path, texts: dict[str, str]) -> None:
    for path, text in texts.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def generate(stage: Path) -> None:
    """HTML of the staged pages; raises BuildError with what the generator says."""
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    done = subprocess.run(command, cwd=stage, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        lines = (done.stdout + done.stderr).splitlines()
        raise BuildError("\n".join(lines[:_LINES_SHOWN_MAX]))


def _without_other_hosts(site: Path) -> None:
    """Serve the one script that the generator loads from elsewhere: with it the search works on a disk, too."""
    script = site / "assets" / "javascripts" / "iframe-worker.js"
    shutil.copy(_VENDOR / "iframe-worker.js", script)
    shutil.copy(_VENDOR / "iframe-worker.LICENSE", script.with_suffix(".LICENSE"))
    for page in site.rglob("*.html"):
        text = page.read_text()
        here = "/".join([".."] * len(page.relative_to(site).parent.parts)) or "."
        page.write_text(text.replace(_SHIM, f"{here}/assets/javascripts/iframe-worker.js"))
