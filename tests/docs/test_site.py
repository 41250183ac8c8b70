"""The site of the documentation is built strictly, works below any folder and fetches nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docsite import navigation
from docsite.build import BuildError, configuration, for_site, generate
from docsite.figures import with_figures
from docsite.links import broken
from docsite.navigation import NavigationError
from docsite.operations import who_may
from docsite.repository import ROOT, in_repository, pages, with_links
from mopenstack.contract.contract import contract
from mopenstack.contract.service import every

BUILD_SECONDS_MAX = 900


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, as `make docs` builds it: that there is no broken link is a condition of the build."""
    out = tmp_path_factory.mktemp("docs") / "site"
    done = subprocess.run(
        [sys.executable, "-m", "docsite", "--out", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_SECONDS_MAX,
    )
    assert done.returncode == 0, done.stderr
    return out


def test_every_operation_has_a_section(site: Path) -> None:
    """With its path, its policy and, where a policy is asked, who may call it."""
    text = {file: file.read_text() for file in (site / "reference").rglob("*.html")}
    everything = "\n".join(text.values())
    for operation in contract(every()).operations:
        assert f"{operation.name}</code>" in everything, operation.name
        if operation.options.policy.name and operation.routes and operation.api.type:
            assert who_may(operation) is not None, operation.name
    servers = (site / "reference" / "compute" / "servers.html").read_text()
    for words in ("POST /compute/v2.1/servers", "os_compute_api:servers:create", "403 for", "Microversions"):
        assert words in servers


def test_the_figures_are_those_of_the_files(site: Path) -> None:
    passing = ROOT / "conformance" / "mopenstack" / "conformance" / "ratchet" / "tempest" / "passing.txt"
    count = sum(1 for line in passing.read_text().splitlines() if line and not line.startswith("#"))
    assert f"<td>{count}</td>" in (site / "fidelity.html").read_text()
    assert "<!-- figures" not in (site / "fidelity.html").read_text()


def test_text_for_programs(site: Path) -> None:
    """llms.txt names every page of the guide, and what it names is there."""
    text = (site / "llms.txt").read_text()
    assert text.startswith("# mopenstack\n\n> ")
    named = re.findall(r"^- \[[^\]]+\]\(([^)]+)\): .+", text, re.MULTILINE)
    assert set(pages().values()) <= set(named)
    assert [one for one in named if not (site / one).is_file()] == []
    assert "## A rule" in (site / "llms-full.txt").read_text()


def test_a_page_without_a_place_fails() -> None:
    _, nav = configuration()
    navigation.check(nav, pages())
    with pytest.raises(
        NavigationError, match=r"docs/new\.md is in no section of the navigation: add new\.md under `nav` in"
    ):
        navigation.check(nav, {**pages(), "docs/new.md": "new.md"})
    with pytest.raises(NavigationError, match=r"names gone\.md, and there is no such page"):
        navigation.check([*nav, "gone.md"], pages())


def test_a_broken_link_fails(tmp_path: Path) -> None:
    """In the text of a page, by the generator, and in what was built."""
    with pytest.raises(ValueError, match=r"docs/x\.md links to \.\./nowhere\.py, and there is no nowhere\.py"):
        with_links("[a](../nowhere.py)", lambda target: in_repository(target, "docs/x.md")[0])
    docs = tmp_path / "docs"
    docs.mkdir()
    (tmp_path / "mkdocs.yml").write_text(configuration()[0] + "nav: [index.md]\n")
    (docs / "site.css").write_text("")
    (docs / "index.md").write_text("# One\n\n[a](#nowhere)\n")
    with pytest.raises(BuildError, match="anchor"):
        generate(tmp_path)
    built = tmp_path / "built"
    built.mkdir()
    (built / "index.html").write_text(
        '<a href="gone.html">a</a><a href="#gone">b</a><a href="/root.html">c</a><a href="http://[::1">d</a>'
        '<script src="https://cdn.example.org/x.js"></script><a href="https://example.org/fine">e</a>'
    )
    assert [line.split(": ", 1)[0] for line in broken(built)] == ["index.html"] * 5


def test_links_in_code_stay() -> None:
    text = "`[a](../x.py)` and\n\n```text\n[a](../x.py)\n```\n[a](../x.py)\n"
    assert with_links(text, lambda _: "y").endswith("[a](y)\n")
    assert with_links(text, lambda _: "y").count("../x.py") == 2


def test_reasons_and_figures_of_pages() -> None:
    told = for_site('```sh not-run="no time"\nmopenstack up\n```\n')
    assert told == "```sh\nmopenstack up\n```\n\n*Not run by the tests: no time.*\n\n"
    assert for_site("| `a \\| b` |\n") == "| `a | b` |\n"
    with pytest.raises(ValueError, match="there are no figures none"):
        with_figures("<!-- figures: none -->\n")
