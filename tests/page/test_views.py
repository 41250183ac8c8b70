"""Every view in both themes, wide and narrow: nothing serious for axe, nothing that the policy forbids, no overflow."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.page.conftest import Process, Watched
from tests.processes import command, detached

IMAGE = "cirros-0.6.3-x86_64-disk"
VIEWS = {
    "clouds": ("#/clouds", "Clouds"),
    "servers": ("#/c/full/resources/server", "Resources"),
    "server": ("", "web"),
    "topology": ("#/c/full/topology", "Topology"),
    "journal": ("#/c/full/journal/1", "Journal"),
    "faults": ("#/c/full/faults", "Faults"),
    "time": ("#/c/full/time", "Time and behaviour"),
    "quotas": ("#/c/full/quotas", "Quotas"),
    "connect": ("#/c/full/connect", "Connect"),
    "coverage": ("#/coverage", "Coverage"),
    "nothing": ("#/c/default/resources/server", "Resources"),
    "gone": ("#/c/full/resources/server/nowhere", "Gone"),
}
"""View -> its address, and its heading."""


@pytest.fixture(scope="module")
def full(process: Process, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The id of a server of the cloud `full`, which has something to show in every view."""
    command("cloud", "create", "full", "--profile", "manual", state=process.state)
    clients = process.clients("full", tmp_path_factory.mktemp("clients"))
    made = clients.openstack(
        *("server", "create", "--flavor", "m1.nano", "--image", IMAGE, "--network", "private", "web"),
        *("-f", "json", "-c", "id"),
    )
    clients.fault("add", "CreateVolume", "--status", "503", "--times", "2")
    command("behaviour", "add", "volume", "--seconds", "20", "--cloud", "full", state=process.state)
    command("snapshot", "save", "before", "--cloud", "full", state=process.state)
    found: str = json.loads(made.stdout)["id"]
    return found


def _serious(page: Page) -> list[str]:
    """What axe calls serious or worse."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_every_view(theme: Any, width: int, full: str, process: Process, watched: Callable[[str], Watched]) -> None:
    page = watched(process.url).page(viewport={"width": width, "height": 860}, color_scheme=theme)
    wrong = []
    for name, (address, heading) in VIEWS.items():
        page.goto(f"{process.url}/{address or f'#/c/full/resources/server/{full}'}")
        expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        expect(page.get_by_text("Loading", exact=True)).to_have_count(0)
        wrong += [f"{name}: {one}" for one in _serious(page)]
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        wrong += [f"{name}: {over} pixels wider than the window"] if over > 0 else []
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_dialog(theme: Any, full: str, process: Process, watched: Callable[[str], Watched]) -> None:
    page = watched(process.url).page(color_scheme=theme)
    for address, button in (
        ("#/clouds", "Create a cloud"),
        ("#/clouds", "Load"),
        ("#/clouds", "Compare"),
        ("#/c/full/faults", "Add a fault"),
        ("#/c/full/time", "Add a rule"),
    ):
        page.goto(f"{process.url}/{address}")
        page.get_by_role("button", name=button, exact=True).first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert _serious(page) == [], button
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_theme_that_was_chosen_stays(process: Process, page: Page) -> None:
    page.goto(process.url)
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Dark theme").click()
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    expect(page.get_by_role("button", name="Light theme")).to_be_visible()
    assert page.evaluate(ground) == dark


def test_a_choice_stays_while_the_cloud_takes_it(process: Process, page: Page) -> None:
    """What the page reads again meanwhile, every two seconds, is no answer to it."""
    held: list[Route] = []
    page.route("**/profile", lambda route: held.append(route))
    page.goto(f"{process.url}/#/c/{process.cloud()}/time")
    page.get_by_role("radio", name="manual").check()
    for _ in range(2):
        with page.expect_response("**/transitions"):
            pass
    expect(page.get_by_role("radio", name="manual")).to_be_checked()
    held[0].fulfill(status=409, json={"detail": "not now"})
    expect(page.get_by_role("radio", name="instant")).to_be_checked()
    expect(page.get_by_role("alert")).to_contain_text("not now")


def test_the_keyboard_is_enough(full: str, process: Process, page: Page) -> None:
    page.goto(f"{process.url}/#/c/full/connect")
    expect(page.get_by_role("heading", name="Connect", level=1)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.get_by_role("tab", name="Shell").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="clouds.yaml")).to_be_focused()
    expect(page.get_by_role("tabpanel")).to_contain_text("clouds:")
    page.goto(f"{process.url}/#/c/full/topology")
    box = page.get_by_role("link", name="Server web")
    box.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="web", level=1)).to_be_visible()


MANY = 10_000


def test_ten_thousand_resources_are_fifty_rows(process: Process, page: Page) -> None:
    flavor = {"name": "many-${number}", "vcpus": 1, "ram": 512, "disk": 1}
    many = {"call": "CreateFlavor", "api": "compute", "times": MANY, "project": "${admin_project.id}"}
    calls = [{"like": "devstack"}, {**many, "request": {"flavor": flavor}}]
    asked = urllib.request.Request(
        f"{process.url}/_mopenstack/clouds",
        json.dumps({"name": "many", "seed_calls": calls}).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(asked, timeout=600).close()
    page.goto(f"{process.url}/#/c/many/resources/flavor")
    rows = page.get_by_role("region", name="Flavors").get_by_role("row")
    expect(rows).to_have_count(51)
    pages = page.get_by_role("navigation", name="Pages")
    expect(pages).to_contain_text("1 to 50 of 10,009")
    page.get_by_role("button", name="Next").click()
    expect(pages).to_contain_text("51 to 100 of 10,009")
    page.get_by_label("Search").fill("many-9876")
    expect(rows).to_have_count(2)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[str]:
    """The address of a process whose admin API needs a token."""
    with detached(tmp_path / "guarded", "--admin-token", TOKEN) as status:
        yield status["url"].rstrip("/")


TOKEN = "a-token-of-the-tests-0123456789"


def test_the_token_is_asked_for_and_kept_for_the_tab(
    guarded: str, browser: Browser, watched: Callable[[str], Watched]
) -> None:
    one = watched(guarded)
    page = one.page()
    page.goto(guarded)
    field = page.get_by_label("Admin token")
    field.fill("wrong-token-0123456789")
    assert _serious(page) == []
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_be_visible()
    field.fill(TOKEN)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Clouds", level=1)).to_be_visible()
    page.get_by_role("link", name="Journal").click()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    kept = page.evaluate("[JSON.stringify(localStorage), document.cookie, location.href]")
    assert TOKEN not in "".join(kept)
    assert TOKEN in page.evaluate("JSON.stringify(sessionStorage)")
    page.reload()
    expect(page.get_by_role("heading", name="Journal", level=1)).to_be_visible()
    assert page.context.cookies() == []
    other = one.page()
    other.goto(guarded)
    expect(other.get_by_label("Admin token")).to_be_visible()
