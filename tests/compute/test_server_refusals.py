"""Requests about servers that Nova 2026.1 refused, in its words (tests/golden/server-refusals.jsonl)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parents[1] / "golden" / "server-refusals.jsonl"

OTHER_ORDER = "is not one of ["
"""Nova lists the words of an enumeration, and the keys of an object, in no particular order."""


def fill(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace("{" + name + "}", value)
    return text


async def test_recorded_refusals(cloud: Any, demo: Any, admin: Any) -> None:
    (await demo.get("network", "/v2.0/security-groups")).ok()
    image = (await demo.get("image", "/v2/images")).ok()["images"][0]["id"]
    network = (await demo.get("network", "/v2.0/networks?name=private")).ok()["networks"][0]["id"]
    body = {"server": {"name": "s", "flavorRef": "42", "imageRef": image, "networks": [{"uuid": network}]}}
    made = await demo.post("compute", "/v2.1/servers", body, headers={"OpenStack-API-Version": "compute 2.87"})
    server = made.ok(202)["server"]["id"]
    (await demo.post("compute", f"/v2.1/servers/{server}/action", {"os-stop": None})).ok(202)
    known = {"image": image, "network": network, "server": server, "project": demo.project_id}
    users = {"member": demo, "admin": admin}
    wrong = []
    for line in RECORDED.read_text(encoding="utf-8").splitlines():
        case = json.loads(fill(line, known))
        user = users.get(case["as"])
        if user is None:
            continue
        reply = await user.send(
            case["verb"],
            "compute",
            f"/v2.1/{case['path']}",
            case["request"],
            headers={"OpenStack-API-Version": f"compute {case['microversion']}"},
        )
        if reply.status == 501:
            continue  # an operation that is not served yet says so
        said = _message(reply.body)
        same = sorted(said) == sorted(case["message"])
        same = same or (OTHER_ORDER in said and _head(said) == _head(case["message"]))
        if reply.status != case["status"] or not same:
            wrong.append(
                f"{case['situation']}: {reply.status} {said}\n    recorded: {case['status']} {case['message']}"
            )
    assert not wrong, "\n".join(wrong)


def _head(text: str) -> str:
    return text.partition(OTHER_ORDER)[0]


def _message(body: Any) -> str:
    if not isinstance(body, dict) or not body:
        return str(body)
    first = next(iter(body.values()))
    return str(first["message"] if isinstance(first, dict) and "message" in first else body.get("message", body))
