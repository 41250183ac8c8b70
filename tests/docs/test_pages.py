"""Every command of the documentation does what its page says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from docsite.repository import pages as written
from tests.pages import ROOT, SHELL, blocks, run

SECONDS_MAX = 600
NOT_RUN_MAX = 15
"""So many blocks of commands cannot be run here, each for a reason that its page tells."""
OWN = {
    "docs/ci.md": "tests/pytest_plugin/test_pages.py",
    "docs/init-hooks.md": "tests/pytest_plugin/test_pages.py",
    "docs/pytest.md": "tests/pytest_plugin/test_pages.py",
    "docs/recorder.md": "tests/cli/test_recorder_docs.py",
    "docs/seeds.md": "tests/cli/test_recorder_docs.py",
}
"""Pages whose commands need what their own tests prepare: a project of a user's, a real cloud to record."""
PAGES = sorted(page for page in written() if page == "README.md" or page.startswith("docs/"))
RUN = [page for page in PAGES if page not in OWN and f"```{SHELL}\n" in (ROOT / page).read_text()]
SHELLS = ("bash", "console", "shell", "shell-session", "zsh")
_COMMAND = re.compile(r"^(?: {4})?(?:mopenstack|pip|openstack|terraform|curl|make|python3?) ", re.MULTILINE)
_INDENTED = re.compile(r"(?:\A|\n\n)((?: {4}.*\n)+)")


@pytest.mark.parametrize("page", RUN)
def test_the_commands_of_a_page(page: str, tmp_path: Path) -> None:
    run((ROOT / page).read_text(), 1, tmp_path, seconds_max=SECONDS_MAX)


@pytest.mark.parametrize("page", PAGES)
def test_all_commands_are_in_blocks_that_are_run(page: str) -> None:
    """No command stands where none is looked for: in a block of another shell's name, or in an indented one."""
    text = (ROOT / page).read_text()
    found = blocks(text)
    others = [f"line {one.line}: {one.language}" for one in found if one.language in SHELLS]
    assert others == [], f"commands are in blocks of the language `{SHELL}`"
    outside = text
    for one in found:
        outside = outside.replace(one.text, "")
    indented = [block for block in _INDENTED.findall(outside) if _COMMAND.search(block)]
    assert indented == [], f"commands are in fenced blocks of the language `{SHELL}`"


def test_pages_with_tests_of_their_own() -> None:
    for page, test in OWN.items():
        assert Path(page).name in (ROOT / test).read_text()


def test_what_is_not_run_is_little(record_property: Callable[[str, object], None]) -> None:
    """Each such block has a reason, and there are few of them: the failure lists them all."""
    found = [
        f"{page}, line {one.line}: {one.reason}"
        for page in PAGES
        for one in blocks((ROOT / page).read_text())
        if one.reason
    ]
    record_property("blocks that are not run", len(found))
    print(f"{len(found)} blocks of commands are not run:", *found, sep="\n")
    assert len(found) <= NOT_RUN_MAX, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```\nmopenstack up\n```\n", "without a language"),
        ("```sh\necho one\n```\n\n```text\ntwo\n```\n", "is not printed"),
        ("```sh\ntrue\n```\n\n```sh\nfalse\n```\n", "the block at line 5 fails"),
        ('```sh not-run=""\nmopenstack up\n```\n', "a fence is a language"),
        ("```sh\npip install requests\n```\n", "what for?"),
    ],
)
def test_a_page_that_is_wrong_fails(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises((ValueError, AssertionError), match=re.escape(said)):
        run(text, 1, tmp_path)
