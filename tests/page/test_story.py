"""What a person does with the page while Terraform works: everything follows without a reload."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from playwright.sync_api import Page, expect

from mopenstack.conformance.tools import get_tool
from tests.page.conftest import Process

SERVER = """
data "openstack_networking_network_v2" "private" {
  name = "private"
}
resource "openstack_compute_instance_v2" "web" {
  name        = "web"
  image_name  = "cirros-0.6.3-x86_64-disk"
  flavor_name = "m1.nano"
  network {
    uuid = data.openstack_networking_network_v2.private.id
  }
}
"""
THREE_TIER = Path(__file__).parent.parent.parent / "terraform-fixtures" / "working" / "stack" / "three-tier"


def test_a_cloud_is_made_forked_reset_and_deleted(process: Process, page: Page) -> None:
    page.goto(process.url)
    expect(page.get_by_role("heading", name="Clouds", level=1)).to_be_visible()
    page.get_by_role("button", name="Create a cloud").click()
    page.get_by_label("Name").fill("Not a name")
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    expect(page.get_by_role("alert")).to_contain_text("cannot name a cloud")
    page.get_by_label("Name").fill("mine")
    page.get_by_label("Profile").select_option("manual")
    page.get_by_role("dialog").get_by_role("button", name="Create").click()
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="mine", exact=True))
    expect(card).to_contain_text(f"{process.url}/cloud/mine/identity/v3")
    expect(card).to_contain_text("manual")
    card.get_by_role("button", name="Fork").click()
    page.get_by_label("Name").fill("copy")
    page.get_by_role("dialog").get_by_role("button", name="Fork").click()
    copy = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="copy", exact=True))
    expect(copy).to_contain_text("manual")
    copy.get_by_role("button", name="Reset").click()
    copy.get_by_role("button", name="Reset it").click()
    expect(page.get_by_role("status")).to_contain_text("copy is as it was at first.")
    copy.get_by_role("button", name="Delete").click()
    copy.get_by_role("button", name="Delete it").click()
    expect(copy).to_have_count(0)
    card.get_by_role("link", name="Connect").click()
    page.get_by_role("tab", name="Terraform").click()
    expect(page.get_by_role("tabpanel")).to_contain_text(f'auth_url          = "{process.url}/cloud/mine/identity/v3"')


def test_a_server_of_terraform_from_its_birth_to_an_error(process: Process, page: Page, tmp_path: Path) -> None:
    """It appears, is forced into ERROR, and Terraform's plan notices; a snapshot brings the cloud back."""
    cloud = process.cloud()
    clients = process.clients(cloud, tmp_path)
    page.goto(f"{process.url}/#/c/{cloud}/resources/server")
    expect(page.get_by_role("heading", name="No servers yet")).to_be_visible()
    page.evaluate("window.same = true")
    clients.write(SERVER)
    clients.apply()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="web"))
    expect(row).to_contain_text("ACTIVE")
    expect(row).to_contain_text("demo")

    page.get_by_role("link", name="Clouds").click()
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=cloud, exact=True))
    card.get_by_role("button", name="Snapshot").click()
    page.get_by_label("Name").fill("one-server")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    saved = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="one-server"))
    expect(saved).to_contain_text(cloud)

    page.goto(f"{process.url}/#/c/{cloud}/resources/server")
    page.get_by_role("link", name="web").click()
    expect(page.get_by_role("region", name="Actions that may follow")).to_contain_text("Stop")
    page.get_by_role("tab", name="As the API answers it").click()
    expect(page.get_by_role("tabpanel")).to_contain_text('"OS-EXT-STS:vm_state": "active"')
    page.get_by_role("tab", name="History").click()
    expect(page.get_by_role("region", name="Calls about it")).to_contain_text("GetServer")
    page.get_by_role("tab", name="States").click()
    page.get_by_role("button", name="Force into error").click()
    expect(page.get_by_role("heading", name="web").locator("xpath=../..")).to_contain_text("ERROR")
    # The provider takes this state for no reason to change anything, but tells of it.
    planned = clients.terraform("plan", "-refresh-only", "-detailed-exitcode", check=False)
    assert re.search(r'power_state += "active" -> "error"', planned), planned

    clients.openstack("server", "delete", "--wait", "web")
    expect(page.get_by_role("alert")).to_contain_text("It was deleted just now")
    page.get_by_role("link", name="Clouds").click()
    saved.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("region", name="Differences")).to_contain_text("removed")
    page.get_by_role("button", name="Close").click()
    saved.get_by_role("button", name="Load").click()
    page.get_by_role("dialog").get_by_role("button", name="Load").click()
    expect(page.get_by_role("status")).to_contain_text(f"{cloud} is what one-server is.")
    page.get_by_role("heading", name=cloud, exact=True).get_by_role("link").click()
    expect(row).to_contain_text("ACTIVE")
    assert "No changes" in clients.terraform("plan", "-detailed-exitcode")


def test_what_happens_is_seen_without_a_reload(process: Process, page: Page, tmp_path: Path) -> None:
    """A table, a resource and the journal follow a client; the page is the same all the while."""
    cloud = process.cloud()
    clients = process.clients(cloud, tmp_path)
    page.goto(f"{process.url}/#/c/{cloud}/resources/network")
    expect(page.get_by_role("link", name="private")).to_be_visible()
    page.evaluate("window.same = true")
    clients.openstack("network", "create", "blue")
    page.get_by_role("link", name="blue").click()
    clients.openstack("network", "set", "--name", "green", "blue")
    expect(page.get_by_role("heading", name="green", level=1)).to_be_visible()
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Journal").click()
    page.get_by_label("Operation").fill("DeleteNetwork")
    expect(page.get_by_role("heading", name="No call passes")).to_be_visible()
    clients.openstack("network", "delete", "green")
    page.get_by_role("link", name="DeleteNetwork").click()
    expect(page.get_by_role("complementary", name="Call")).to_contain_text("demo in demo")
    page.get_by_label("Operation").fill("")
    page.get_by_label("Keep").select_option("bodies")
    expect(page.get_by_label("Keep")).to_have_value("bodies")
    clients.openstack("network", "create", "red")
    page.get_by_role("link", name="CreateNetwork").first.click()
    expect(page.get_by_role("complementary", name="Call")).to_contain_text('"name": "red"')
    assert page.evaluate("window.same") is True


def test_a_fault_and_its_hits(process: Process, page: Page, tmp_path: Path) -> None:
    cloud = process.cloud()
    clients = process.clients(cloud, tmp_path)
    page.goto(f"{process.url}/#/c/{cloud}/faults")
    page.get_by_role("button", name="Add a fault").click()
    page.get_by_label("Operation").fill("CreateVolume")
    page.get_by_label("Status").fill("503")
    page.get_by_role("textbox", name="Message").fill("The back end is away.")
    page.get_by_role("button", name="Add", exact=True).click()
    rule = page.get_by_role("row").filter(has_text="fault-1")
    expect(rule).to_contain_text("0 of 1")
    failed = clients.openstack("volume", "create", "--size", "1", "data", check=False)
    assert "The back end is away." in failed.stderr
    expect(rule).to_contain_text("1 of 1")
    expect(rule).to_contain_text("ended")
    rule.get_by_role("button", name="Remove fault-1").click()
    expect(page.get_by_role("heading", name="Every call is answered as it should be")).to_be_visible()
    page.get_by_label("Load of quota-squeezed").fill("100")
    expect(page.get_by_role("region", name="Faults")).to_contain_text("quota-squeezed")
    assert clients.openstack("network", "create", "db", check=False).returncode != 0
    page.get_by_label("Load of quota-squeezed").fill("0")
    expect(page.get_by_role("region", name="Faults")).to_have_count(0)
    clients.openstack("network", "create", "db")


def test_time_is_led_by_hand(process: Process, page: Page, tmp_path: Path) -> None:
    """With the profile manual a server is built when the page says so; the clock stands, and goes on."""
    cloud = process.cloud()
    clients = process.clients(cloud, tmp_path)
    page.goto(f"{process.url}/#/c/{cloud}/time")
    page.get_by_role("radio", name="manual").check()
    page.get_by_role("button", name="Stop it").click()
    expect(page.get_by_text("It stands still.")).to_be_visible()
    clients.openstack(
        "server", "create", "--flavor", "m1.nano", "--image", "cirros-0.6.3-x86_64-disk", "--network", "private", "web"
    )
    under = page.get_by_role("region", name="Transitions under way")
    expect(under).to_contain_text("Build")
    under.get_by_role("button", name="Next state").click()
    under.get_by_role("link", name="Server").click()
    expect(page.get_by_text("waits to be led on")).to_be_visible()
    page.get_by_role("button", name="Complete it").click()
    expect(page.get_by_text("Nothing is under way with it.")).to_be_visible()
    assert clients.listed("server", "list")[0]["Status"] == "ACTIVE"
    page.goto(f"{process.url}/#/c/{cloud}/quotas")
    expect(page.get_by_role("row").filter(has_text="Instances")).to_contain_text("1")


def test_the_topology_of_the_three_tier_stack(process: Process, page: Page, tmp_path: Path) -> None:
    cloud = process.cloud()
    clients = process.clients(cloud, tmp_path / "stack")
    shutil.copytree(THREE_TIER, tmp_path / "stack")
    get_tool("provider").require()
    clients.terraform("init")
    clients.apply()
    page.goto(f"{process.url}/#/c/{cloud}/topology")
    for name in ("Network three-tier-front", "Network three-tier-back", "Router three-tier-edge"):
        expect(page.get_by_role("link", name=name)).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Server three-tier-"))).to_have_count(3)
    expect(page.get_by_role("link", name=re.compile("Floating IP"))).to_have_count(2)
    pane = page.get_by_role("group", name="Topology")
    drawing = pane.locator(".drawing")
    before = drawing.get_attribute("style")
    pane.focus()
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    expect(drawing).not_to_have_attribute("style", before or "")
    page.get_by_role("button", name="Fit").click()
    page.get_by_role("link", name="Server three-tier-web").click()
    expect(page.get_by_role("heading", name="three-tier-web", level=1)).to_be_visible()
