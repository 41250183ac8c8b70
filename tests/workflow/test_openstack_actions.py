"""Actions that the other services of the cloud do: a workflow that boots a server, and mistakes of its author."""

from __future__ import annotations

import json
from typing import Any

from tests.conftest import Cloud, User
from tests.workflow.making import defined, started

BOOT = """version: '2.0'
boot:
  input: [name, image, flavor]
  output:
    server: <% $.server %>
    status: <% $.status %>
    network: <% $.network %>
  tasks:
    image:
      action: glance.images_list
      input:
        name: <% $.image %>
      publish:
        image: <% task().result[0].id %>
      on-success: [flavor]
    flavor:
      action: nova.flavors_find name=<% $.flavor %>
      publish:
        flavor: <% task().result.id %>
      on-success: [network]
    network:
      action: neutron.create_network
      input:
        body:
          network:
            name: <% $.name %>
            admin_state_up: false
      publish:
        network: <% task().result.network.id %>
      on-success: [subnet]
    subnet:
      action: neutron.create_subnet
      input:
        body: {subnet: {network_id: <% $.network %>, ip_version: 4, cidr: 192.168.7.0/24}}
      on-success: [server]
    server:
      action: nova.servers_create
      input:
        name: <% $.name %>
        image: <% $.image %>
        flavor: <% $.flavor %>
        nics: [{net-id: <% $.network %>}]
        meta: {made: by a workflow}
      publish:
        server: <% task().result.id %>
      on-success: [wait]
    wait:
      action: nova.servers_get server=<% $.server %>
      retry: {count: 5, delay: 1, continue-on: <% task().result.status != ACTIVE %>}
      publish:
        status: <% task().result.status %>
"""


async def test_a_workflow_boots_a_server(cloud: Cloud, demo: User) -> None:
    await defined(demo, BOOT)
    image = (await demo.get("image", "/v2/images")).ok()["images"][0]
    flavor = (await demo.get("compute", "/v2.1/flavors")).ok()["flavors"][0]
    names = {"name": "vm", "image": image["name"], "flavor": flavor["name"]}
    done = await started(demo, "boot", input=names)
    assert (done["state"], done["state_info"]) == ("SUCCESS", None)
    output: dict[str, Any] = json.loads(done["output"])
    server = (await demo.get("compute", f"/v2.1/servers/{output['server']}")).ok()["server"]
    assert (server["name"], server["status"], output["status"]) == ("vm", "ACTIVE", "ACTIVE")
    assert server["metadata"] == {"made": "by a workflow"}
    network = (await demo.get("network", f"/v2.0/networks/{output['network']}")).ok()["network"]
    assert (network["name"], network["admin_state_up"]) == ("vm", False)
    assert list(server["addresses"]) == ["vm"]


async def run(user: User, action: str, /, **given: Any) -> dict[str, Any]:
    """An action by itself."""
    body = {"name": action, "input": given, "params": {"save_result": True, "run_sync": True}}
    made: dict[str, Any] = (await user.post("workflow", "/v2/action_executions", body)).ok(201)
    return made


async def test_what_the_service_refuses_is_the_error_of_the_action(demo: User) -> None:
    failed = await run(demo, "nova.servers_get", server="9d3c0a2e-0000-4000-8000-000000000000")
    assert failed["state"] == "ERROR"
    assert "servers.get.servers.get failed: " in failed["output"]
    assert "could not be found" in failed["output"]
    failed = await run(demo, "neutron.create_network", body={"network": {"no_such_attribute": 1}})
    assert failed["state"] == "ERROR"
    assert "no_such_attribute" in failed["output"]
    failed = await run(demo, "nova.flavors_find", name="no such flavor")
    assert "No Flavor matching {'name': 'no such flavor'}. (HTTP 404)" in failed["output"]


async def test_an_action_is_done_in_the_name_of_who_started_it(admin: User, demo: User) -> None:
    made = await run(demo, "keystone.projects_create", name="p", domain="default")
    assert made["state"] == "ERROR"
    assert (await admin.get("identity", "/v3/projects?name=p")).ok()["projects"] == []
    made = await run(admin, "keystone.projects_create", name="p", domain="default")
    assert (made["state"], json.loads(made["output"])["result"]["name"]) == ("SUCCESS", "p")


async def test_networks_volumes_and_images(demo: User) -> None:
    made = json.loads((await run(demo, "neutron.create_network", body={"network": {"name": "n"}}))["output"])["result"]
    id = made["network"]["id"]
    changed = await run(demo, "neutron.update_network", network=id, body={"network": {"description": "d"}})
    assert json.loads(changed["output"])["result"]["network"]["description"] == "d"
    listed = json.loads((await run(demo, "neutron.list_networks", name="n"))["output"])["result"]["networks"]
    assert [one["id"] for one in listed] == [id]
    assert (await run(demo, "neutron.delete_network", network=id))["state"] == "SUCCESS"
    assert (await demo.get("network", f"/v2.0/networks/{id}")).status == 404
    volume = json.loads((await run(demo, "cinder.volumes_create", size=1, name="v"))["output"])["result"]
    assert (volume["name"], volume["size"]) == ("v", 1)
    found = json.loads((await run(demo, "cinder.volumes_find", name="v"))["output"])["result"]
    assert found["id"] == volume["id"]
    image = json.loads(
        (await run(demo, "glance.images_create", name="i", disk_format="raw", container_format="bare"))["output"]
    )["result"]
    assert (image["name"], image["status"]) == ("i", "queued")


async def test_every_action_is_one_that_the_cloud_serves(demo: User) -> None:
    listed = (await demo.get("workflow", "/v2/actions")).ok()["actions"]
    shown = {one["name"]: one for one in listed}
    assert shown["nova.servers_delete"]["input"] == 'server, action_region=""'
    assert {one.partition(".")[0] for one in shown} == {"std", "nova", "neutron", "glance", "cinder", "keystone"}
