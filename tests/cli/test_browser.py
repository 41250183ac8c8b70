"""A real browser: a page of another port can neither read nor change anything under /_mopenstack."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from mopenstack.conformance.tools.chromium import Chromium
from tests.processes import command, detached

PAGE = """<!doctype html><title>another page</title><p id="own">readable</p>"""
ASK = """
async ([cloud, paths, reset]) => {
  const told = {};
  const ask = async (name, url, options) => {
    try {
      const answer = await fetch(url, options);
      told[name] = `${answer.type} ${answer.status} ${await answer.text()}`;
    } catch (error) { told[name] = `refused`; }
  };
  await ask("own page", "/", {});
  for (const path of paths) {
    await ask(`read ${path}`, cloud + path, {});
    await ask(`read ${path} unseen`, cloud + path, {mode: "no-cors"});
  }
  const reset_url = cloud + reset, text = {"Content-Type": "text/plain"}, json = {"Content-Type": "application/json"};
  await ask("reset as text", reset_url, {method: "POST", mode: "no-cors", headers: text});
  await ask("reset as JSON", reset_url, {method: "POST", headers: json, body: "{}"});
  await ask("delete", cloud + "/_mopenstack/clouds/default", {method: "DELETE"});
  const load = (tag, url) => new Promise(done => {
    const item = document.createElement(tag);
    item.onload = () => done("loaded"); item.onerror = () => done("refused");
    item.src = url; document.body.append(item);
  });
  told["as a script"] = await load("script", cloud + "/_mopenstack/openapi.json");
  told["as a picture"] = await load("img", cloud + "/_mopenstack/status");
  const form = document.createElement("form");
  Object.assign(form, {action: reset_url, method: "POST", enctype: "text/plain"});
  const frame = Object.assign(document.createElement("iframe"), {name: "target"});
  document.body.append(frame, form);
  form.target = "target";
  form.submit();
  await new Promise(done => { frame.onload = done; });
  return told;
}
"""
PATHS = ["/_mopenstack/status", "/_mopenstack/clouds", "/_mopenstack/openapi.json", "/_mopenstack/answers"]


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, *arguments: Any) -> None:
        """Be quiet."""


@pytest.fixture
def other_page() -> Iterator[str]:
    """The address of a page that another program of this machine serves."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of a headless Chromium."""
    found = Chromium().require()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(found.path), args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def test_a_page_reads_and_changes_nothing(page: Page, other_page: str, tmp_path: Path) -> None:
    with detached(tmp_path) as status:
        cloud = status["url"].rstrip("/")
        answers: list[tuple[str, str, int]] = []
        page.on("response", lambda answer: answers.append((answer.request.method, answer.url, answer.status)))
        page.goto(other_page)
        command("cloud", "create", "kept", state=tmp_path)
        told = page.evaluate(ASK, [cloud, PATHS, "/_mopenstack/clouds/kept/reset"])
        assert "readable" in told.pop("own page")  # what the page asks itself, it reads
        read = {name: text for name, text in told.items() if text not in ("refused", "opaque 0 ")}
        assert not read, read
        asked = [one for one in answers if "/_mopenstack" in one[1]]
        assert {one[0] for one in asked} >= {"GET", "POST"}
        assert {status for _, _, status in asked} == {403}
        names = [one["name"] for one in json.loads(command("cloud", "list", "--json", state=tmp_path).stdout)]
        assert {"kept", "default"} <= set(names)


def test_the_cloud_s_own_page_is_served(page: Page, tmp_path: Path) -> None:
    with detached(tmp_path) as status:
        answer = page.goto(status["url"])
        assert answer is not None
        assert answer.status == 200
        read = functools.partial(page.evaluate, "async path => (await fetch(path)).status")
        assert read("/_mopenstack/status") == 200
