"""Clusters: what they are made of, their states, their node groups."""

from __future__ import annotations

from tests.conftest import Cloud
from tests.container_infra.making import ask, cluster, ready, show, template


async def test_a_cluster_is_made_of_its_template(cloud: Cloud) -> None:
    demo = await ready(cloud)
    made = await template(demo, labels={"kube_tag": "v1.30.0", "a": "b"}, docker_volume_size=5)
    id = await cluster(demo, made["uuid"], node_count=2, labels={"a": "c", "d": "e"}, merge_labels=True)
    shown = await show(demo, id)
    assert shown["status"] == "CREATE_COMPLETE"
    assert (shown["node_count"], shown["master_count"]) == (2, 1)
    assert shown["labels"] == {"kube_tag": "v1.30.0", "a": "c", "d": "e"}
    assert shown["labels_overridden"] == {"a": "b"}
    assert shown["labels_added"] == {"d": "e"}
    assert shown["labels_skipped"] == {}
    assert shown["api_address"].startswith("https://10.0.0.")
    assert shown["coe_version"] == "v1.30.0"
    assert len(shown["node_addresses"]) == 2
    assert shown["health_status"] == "HEALTHY"
    groups = (await ask(demo, "GET", f"/clusters/{id}/nodegroups")).ok()["nodegroups"]
    assert [(one["name"], one["role"], one["node_count"]) for one in groups] == [
        ("default-master", "master", 1),
        ("default-worker", "worker", 2),
    ]
    assert {one["stack_id"] for one in groups} == {shown["stack_id"]}
