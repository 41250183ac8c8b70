"""The page of noVNC in a real browser, at the address that the `openstack` command line is given."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from mopenstack.conformance.cloud import parse_exports
from mopenstack.conformance.tools import get_tool
from mopenstack.conformance.tools.chromium import Chromium
from tests.processes import command, detached

COLOURS = """
() => {
  const canvas = document.querySelector("canvas");
  const data = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  return [...new Set(data)].length;
}
"""
PICTURE = "() => document.querySelector('canvas').toDataURL()"
IS_CONNECTED = "() => document.getElementById('status').textContent.startsWith('Connected to QEMU')"
CHANGES = "before => document.querySelector('canvas').toDataURL() !== before"


def _client(state: Path) -> Callable[..., str]:
    """The `openstack` command line as demo."""
    program = str(get_tool("openstackclient").require().path)
    variables = parse_exports(command("env", "--user", "demo", state=state).stdout)

    def run(*words: str) -> str:
        environment = {**os.environ, **variables}
        done = subprocess.run(
            [program, *words], env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_the_page_shows_the_server(tmp_path: Path) -> None:
    found = Chromium().require()
    with detached(tmp_path, "--services", "compute"), sync_playwright() as playwright:
        openstack = _client(tmp_path)
        made = (
            "server",
            "create",
            "--flavor",
            "m1.tiny",
            "--image",
            "cirros-0.6.3-x86_64-disk",
            "--network",
            "private",
        )
        openstack(*made, "--wait", "web-1")
        assert openstack("console", "log", "show", "--lines", "1", "web-1").rstrip("\n") == "web-1 login: "
        url = json.loads(openstack("console", "url", "show", "--novnc", "web-1", "-f", "json"))["url"]
        browser = playwright.chromium.launch(executable_path=str(found.path), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 700})
        _check(page, url, openstack)
        browser.close()


def _check(page: Page, url: str, openstack: Callable[..., str]) -> None:
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(url)
    page.wait_for_function(IS_CONNECTED)
    page.wait_for_function(f"() => ({COLOURS})() > 4")
    before = page.evaluate(PICTURE)
    page.locator("canvas").click()
    page.keyboard.type("cirros")
    page.wait_for_function(CHANGES, arg=before)
    typed = page.evaluate(PICTURE)
    openstack("server", "stop", "web-1")
    page.wait_for_function(CHANGES, arg=typed)
    openstack("server", "delete", "--wait", "web-1")
    page.wait_for_function("() => document.getElementById('status').textContent === 'Disconnected'")
    assert not wrong
    assert {address.partition("/consoles/")[0] for address in asked if not address.startswith("data:")} == {
        url.partition("/consoles/")[0]
    }


def test_the_library_is_the_one_that_is_pinned() -> None:
    """By the script of `make vendor-novnc`; its licence is beside it."""
    script = runpy.run_path(str(Path(__file__).parents[3] / "gateway" / "vendor_novnc.py"))
    folder = script["FOLDER"]
    assert (folder / "VERSION").read_text() == f"{script['PACKAGE']} {script['VERSION']}\n"
    assert "Mozilla\nPublic License" in (folder / "LICENSE.txt").read_text()
    assert (folder / "docs" / "LICENSE.MPL-2.0").is_file()
