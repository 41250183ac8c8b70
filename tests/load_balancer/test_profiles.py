"""Flavors with their profiles, availability zones with theirs: the same rules under two names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.client import User
from tests.load_balancer.test_amphorae import make_balancer

API = "load-balancer"
NOBODY = "00000000-0000-0000-0000-00000000dead"


@dataclass(frozen=True)
class Pair:
    """How the API calls a choice and its profile: paths, keys, the field that names the profile, the data's field."""

    choices: str
    choice: str
    many: str
    profiles: str
    profile: str
    profile_id: str
    data: str
    value: str
    titled: str
    named: str

    def profile_body(self, **other: Any) -> dict[str, Any]:
        return {self.profile: {"name": "gold", "provider_name": "amphora", self.data: self.value, **other}}

    def choice_body(self, profile_id: str, **other: Any) -> dict[str, Any]:
        return {self.choice: {"name": "fast", self.profile_id: profile_id, **other}}


FLAVORS = Pair(
    "/v2/lbaas/flavors",
    "flavor",
    "flavors",
    "/v2/lbaas/flavorprofiles",
    "flavorprofile",
    "flavor_profile_id",
    "flavor_data",
    '{"loadbalancer_topology": "SINGLE"}',
    "Flavor profile",
    "Flavor Profile",
)
ZONES = Pair(
    "/v2/lbaas/availabilityzones",
    "availability_zone",
    "availability_zones",
    "/v2/lbaas/availabilityzoneprofiles",
    "availability_zone_profile",
    "availability_zone_profile_id",
    "availability_zone_data",
    '{"compute_zone": "nova"}',
    "Availability Zone Profile",
    "Availability Zone Profile",
)
PAIRS = pytest.mark.parametrize("pair", [FLAVORS, ZONES], ids=["flavors", "zones"])


async def make(admin: User, pair: Pair) -> tuple[str, dict[str, Any]]:
    """A profile and a choice of it: (id of the profile, the choice)."""
    profile = (await admin.post(API, pair.profiles, pair.profile_body())).ok(201)[pair.profile]
    choice = (await admin.post(API, pair.choices, pair.choice_body(profile["id"]))).ok(201)[pair.choice]
    return profile["id"], choice


def path_of(pair: Pair, choice: dict[str, Any]) -> str:
    return f"{pair.choices}/{choice.get('id', choice['name'])}"


@PAIRS
async def test_an_admin_makes_them_and_everybody_sees_the_choices(admin: User, demo: User, pair: Pair) -> None:
    profile_id, choice = await make(admin, pair)
    assert choice["enabled"] is True
    assert choice["description"] == ""
    assert choice[pair.profile_id] == profile_id
    assert (await demo.get(API, path_of(pair, choice))).ok()[pair.choice] == choice
    assert choice in (await demo.get(API, pair.choices)).ok()[pair.many]
    shown = (await admin.get(API, f"{pair.profiles}/{profile_id}")).ok()[pair.profile]
    assert shown == {"id": profile_id, "name": "gold", "provider_name": "amphora", pair.data: pair.value}
    for path in (pair.profiles, f"{pair.profiles}/{profile_id}"):
        assert (await demo.get(API, path)).status == 403
    assert (await demo.post(API, pair.profiles, pair.profile_body())).status == 403
    assert (await demo.delete(API, path_of(pair, choice))).status == 403


@PAIRS
async def test_names_of_choices_are_unique(admin: User, pair: Pair) -> None:
    profile_id, _ = await make(admin, pair)
    word = pair.choice.replace("_", " ")
    (await admin.post(API, pair.choices, pair.choice_body(profile_id))).refused(
        409, f"A {word} of fast already exists."
    )
    (await admin.post(API, pair.profiles, pair.profile_body())).ok(201)


@PAIRS
async def test_a_choice_needs_a_profile_that_is_there(admin: User, pair: Pair) -> None:
    (await admin.post(API, pair.choices, pair.choice_body(NOBODY))).refused(500, "IntegrityError")
    assert "fast" not in [one["name"] for one in (await admin.get(API, pair.choices)).ok()[pair.many]]


@PAIRS
async def test_what_is_in_use_stays(admin: User, pair: Pair) -> None:
    profile_id, choice = await make(admin, pair)
    path = f"{pair.profiles}/{profile_id}"
    in_use = f"{pair.titled} {profile_id} is in use and cannot be modified."
    (await admin.delete(API, path)).refused(409, in_use)
    (await admin.put(API, path, {pair.profile: {pair.data: pair.value}})).refused(409, in_use)
    assert (await admin.put(API, path, {pair.profile: {"name": "silver"}})).ok()[pair.profile]["name"] == "silver"
    (await admin.delete(API, path_of(pair, choice))).ok(204)
    (await admin.put(API, path, {pair.profile: {pair.data: "{}"}})).ok()
    (await admin.delete(API, path)).ok(204)
    (await admin.delete(API, path)).refused(404, f"{pair.titled} {profile_id} not found.")
    (await admin.get(API, path)).refused(404, f"{pair.named} {profile_id} not found.")


@PAIRS
async def test_a_choice_keeps_its_profile(admin: User, pair: Pair) -> None:
    profile_id, choice = await make(admin, pair)
    changed = (await admin.put(API, path_of(pair, choice), {pair.choice: {"enabled": False, "description": "no"}})).ok()
    assert changed[pair.choice] == {**choice, "enabled": False, "description": "no"}
    refused = await admin.put(API, path_of(pair, choice), {pair.choice: {pair.profile_id: profile_id}})
    refused.refused(400, f"Unknown attribute for argument {pair.choice}_.{pair.choice}: {pair.profile_id}")


@PAIRS
@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"data": "zz"}, 400, "zz is not a valid option for {data}"),
        ({"provider_name": "zz"}, 400, "Provider 'zz' is not enabled."),
        ({"data": '{"zz": 1}'}, 501, "Additional properties are not allowed ('zz' was unexpected)"),
        ({"data": "[]"}, 501, "[] is not of type 'object'"),
        ({"provider_name": "ovn"}, 501, "Provider 'ovn' does not support a requested action: This provider does not"),
    ],
    ids=["no JSON", "unknown provider", "unknown key", "no object", "ovn has none"],
)
async def test_the_provider_checks_a_profile(
    admin: User, pair: Pair, given: dict[str, str], status: int, said: str
) -> None:
    body = {pair.data if key == "data" else key: value for key, value in given.items()}
    (await admin.post(API, pair.profiles, pair.profile_body(**body))).refused(status, said.format(data=pair.data))


async def test_the_place_of_a_wrong_value_is_said(admin: User) -> None:
    body = FLAVORS.profile_body(flavor_data='{"loadbalancer_topology": "DOUBLE"}')
    (await admin.post(API, FLAVORS.profiles, body)).refused(
        501,
        "Provider 'amphora' does not support a requested option: "
        "loadbalancer_topology 'DOUBLE' is not one of ['ACTIVE_STANDBY', 'SINGLE']",
    )


@pytest.mark.parametrize(
    ("pair", "field", "word"),
    [(FLAVORS, "flavor_id", "id"), (ZONES, "availability_zone", "name")],
    ids=["flavors", "zones"],
)
async def test_what_a_load_balancer_was_made_by_stays(
    admin: User, demo: User, pair: Pair, field: str, word: str
) -> None:
    _, choice = await make(admin, pair)
    balancer = await make_balancer(demo, **{field: choice[word]})
    assert balancer[field] == choice[word]
    titled = {"flavor": "Flavor", "availability_zone": "Availability Zone"}[pair.choice]
    in_use = f"{titled} {choice[word]} is in use and cannot be modified."
    (await admin.delete(API, path_of(pair, choice))).refused(409, in_use)
    (await demo.delete(API, f"/v2/lbaas/loadbalancers/{balancer['id']}")).ok(204)
    (await admin.delete(API, path_of(pair, choice))).ok(204)
