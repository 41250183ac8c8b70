"""Bodies that Octavia breaks on: it takes a body apart without looking what it is, and tells what Python says of that.

Source: wsme/rest/json.py (fromjson), and the first attribute that each controller of octavia/api/v2/controllers asks
the object of the body for.
"""

from __future__ import annotations

from typing import Any

from tests.conftest import User
from tests.load_balancer.making import API, LBAAS, NOWHERE, envelope_of, make, post, tree

UNSET = "'UnsetType' object has no attribute '{}'"
NULL = "'NoneType' object has no attribute '{}'"
CREATES = {
    "/loadbalancers": "project_id",
    "/listeners": "loadbalancer_id",
    "/pools": "loadbalancer_id",
    "/pools/{pool}/members": "address",
    "/healthmonitors": "pool_id",
    "/l7policies": "listener_id",
    "/flavorprofiles": "flavor_data",
    "/flavors": "to_dict",
    "/availabilityzoneprofiles": "availability_zone_data",
    "/availabilityzones": "to_dict",
}
ENVELOPES = {
    "availabilityzoneprofile": "availability_zone_profile",
    "availabilityzone": "availability_zone",
}
UPDATES = {
    "/loadbalancers/{loadbalancer}": "vip_sg_ids",
    "/pools/{pool}": "tls_versions",
    "/pools/{pool}/members/{member}": "backup",
    "/healthmonitors/{healthmonitor}": "delay",
    "/l7policies/{l7policy}": "to_dict",
    "/l7policies/{l7policy}/rules/{rule}": "invert",
}


async def ids(user: User) -> dict[str, str]:
    """What a whole load balancer is made of: the word of each kind -> an id."""
    found = {"loadbalancer": (await tree(user))["id"]}
    for kind, word in (
        ("pools", "pool"),
        ("listeners", "listener"),
        ("healthmonitors", "healthmonitor"),
        ("l7policies", "l7policy"),
    ):
        found[word] = (await user.get(API, f"{LBAAS}/{kind}")).ok()[kind][0]["id"]
    listed = (await user.get(API, f"{LBAAS}/pools")).ok()["pools"]
    found["pool"] = next(one["id"] for one in listed if one["members"])
    found["member"] = next(one["members"][0]["id"] for one in listed if one["members"])
    rules = (await user.get(API, f"{LBAAS}/l7policies/{found['l7policy']}/rules")).ok()["rules"]
    return found | {"rule": rules[0]["id"]}


async def test_a_body_that_is_no_object(admin: User) -> None:
    """Of a text, a list, a number: none has keys. Null is nothing that could have the envelope."""
    known = await ids(admin)
    wrong: list[Any] = []
    for verb, paths in (("POST", CREATES), ("PUT", UPDATES)):
        for path in paths:
            for body, kind in (("a", "str"), ([], "list"), (7, "int"), (True, "bool")):
                reply = await admin.send(verb, API, LBAAS + path.format(**known), body)
                said = (reply.status, reply.body.get("faultcode"), reply.body.get("faultstring"))
                if said != (500, "Server", f"'{kind}' object has no attribute 'keys'"):
                    wrong.append((verb, path, body, said))
    assert not wrong, "\n".join(map(str, wrong))


async def test_a_body_without_its_envelope(admin: User) -> None:
    """The controller asks what is not there, or null, for the first attribute that it wants."""
    known = await ids(admin)
    wrong: list[Any] = []
    for verb, paths in (("POST", CREATES), ("PUT", UPDATES)):
        for path, attribute in paths.items():
            word = envelope_of(path if verb == "POST" else path.rpartition("/")[0])
            envelope = ENVELOPES.get(word, word)
            of_null = "project_id" if (verb, envelope) == ("POST", "member") else attribute
            for body, says in (({}, UNSET.format(attribute)), ({envelope: None}, NULL.format(of_null))):
                reply = await admin.send(verb, API, LBAAS + path.format(**known), body)
                if (reply.status, reply.body.get("faultstring")) != (500, says):
                    wrong.append((verb, path, body, reply.status, reply.body))
    assert not wrong, "\n".join(map(str, wrong))


async def test_what_has_a_sentence(admin: User) -> None:
    known = await ids(admin)
    rules = f"{LBAAS}/l7policies/{known['l7policy']}/rules"
    (await admin.post(API, rules, {})).refused(400, "Error parsing L7Rule: 'UnsetType' object has no attribute 'value'")
    listener = f"{LBAAS}/listeners/{known['listener']}"
    (await admin.put(API, listener, {})).refused(400, "Validation failure: No listener object supplied.")
    quotas = f"{LBAAS}/quotas/{admin.project_id}"
    (await admin.put(API, quotas, {})).refused(500, "'quota'")
    members = f"{LBAAS}/pools/{known['pool']}/members"
    (await admin.put(API, members)).refused(500, NULL.format("members"))
    (await admin.post(API, f"{LBAAS}/listeners")).refused(400, 'Missing argument: "listener_"')
    (await admin.post(API, f"{LBAAS}/listeners", data="null")).refused(500, NULL.format("listener"))


async def test_what_the_path_names_comes_before_the_envelope(admin: User, demo: User) -> None:
    """Of a body that is an object; one that is none is not even read."""
    gone = f"{LBAAS}/loadbalancers/{NOWHERE}"
    (await admin.put(API, gone, {})).refused(404, f"Load Balancer {NOWHERE} not found.")
    (await admin.put(API, gone, [])).refused(500, "'list' object has no attribute 'keys'")
    (await demo.post(API, f"{LBAAS}/flavors", {})).refused(403)
    (await demo.post(API, f"{LBAAS}/flavors", [])).refused(500, "'list' object has no attribute 'keys'")


async def test_parts_of_a_body(admin: User, demo: User) -> None:
    """An object inside of another one is taken apart likewise; a number is what Python makes of it."""
    balancer = (await ids(demo))["loadbalancer"]
    given = {"loadbalancer_id": balancer, "protocol": "HTTP"}
    whole = await make(demo, "/listeners", **given, protocol_port=8080.9)
    assert whole["protocol_port"] == 8080
    assert (await make(demo, "/listeners", **given, protocol_port=True))["protocol_port"] == 1
    why = "int() argument must be a string, a bytes-like object or a real number, not 'list'"
    (await post(demo, "/listeners", **given, protocol_port=[])).refused(500, why)
    why = "'str' object has no attribute 'keys'"
    (await post(demo, "/pools", **given, lb_algorithm="ROUND_ROBIN", session_persistence="x")).refused(500, why)
    (await post(demo, "/listeners", **given, protocol_port=81, insert_headers="x")).refused(400, "not a valid dict: x")
    pool = {"protocol": "HTTP", "lb_algorithm": "ROUND_ROBIN"}
    why = "'dict' object has no attribute '_sa_instance_state'"
    (await post(demo, "/listeners", **given, protocol_port=82, default_pool=pool)).refused(500, why)
