"""The web page in a real browser, as a person has it: a process of mopenstack, and a Chromium that is watched."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from mopenstack.conformance.cloud import parse_exports
from mopenstack.conformance.tools.chromium import Chromium
from tests.processes import command, detached
from tests.real_clients import Clients

NOTE_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", event => {
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`);
});
"""
_names = itertools.count(1)
WAIT_MILLISECONDS_MAX = 60_000
"""How long the page may take to show something, on a machine with other work."""
expect.set_options(timeout=WAIT_MILLISECONDS_MAX)


@dataclass(slots=True)
class Process:
    """A mopenstack that runs: its address without a slash at the end, and its state folder."""

    url: str
    state: Path

    def cloud(self) -> str:
        """The name of a fresh cloud."""
        name = f"page-{next(_names)}"
        command("cloud", "create", name, state=self.state)
        return name

    def clients(self, cloud: str, folder: Path, user: str = "demo") -> Clients:
        """Real clients of a cloud."""
        exports = parse_exports(command("env", "--user", user, "--cloud", cloud, state=self.state).stdout)
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR", "LANG") if key in os.environ}
        return Clients(self.state, folder, cloud, {**kept, **exports})


@dataclass(slots=True)
class Watched:
    """Browser contexts whose pages ask one origin alone, fail nowhere and keep to their policy."""

    browser: Browser
    origin: str
    wrong: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def page(self, **options: Any) -> Page:
        """A page in a context of its own."""
        context = self.browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
        context.add_init_script(NOTE_VIOLATIONS)
        context.on("request", lambda request: self._look(request))
        context.set_default_timeout(WAIT_MILLISECONDS_MAX)
        page = context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(f"the page failed: {error}"))
        self._contexts.append(context)
        return page

    def _look(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if f"{parts.scheme}://{parts.netloc}" != self.origin and parts.scheme not in ("data", "blob"):
            self.wrong.append(f"asks {request.url}")

    def close(self) -> None:
        for context in self._contexts:
            for page in context.pages:
                self.wrong += page.evaluate("window.violations || []")
            context.close()
        assert not self.wrong, "\n".join(self.wrong)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One process for the tests of a module."""
    state = tmp_path_factory.mktemp("state")
    with detached(state) as status:
        yield Process(status["url"].rstrip("/"), state)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; there is none that the tests do without."""
    found = Chromium().require()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(found.path), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def watched(browser: Browser) -> Iterator[Callable[[str], Watched]]:
    """Makes watched contexts for an origin; at the end none of their pages may have done wrong."""
    made: list[Watched] = []

    def make(origin: str) -> Watched:
        made.append(Watched(browser, origin))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def page(process: Process, watched: Callable[[str], Watched]) -> Page:
    """A page of the module's process."""
    return watched(process.url).page()
