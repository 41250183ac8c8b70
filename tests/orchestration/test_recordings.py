"""What Heat answered when it was recorded, answered again.

What differs is listed in `golden/exchanges/orchestration.tsv`, each with its reason; UPDATE_GOLDEN=1 adds what is new,
without a reason, which the test then asks for, and drops what is no longer so.
"""

from __future__ import annotations

import csv
import os

from tests.conftest import Cloud, User
from tests.exchanges.export import GOLDEN
from tests.orchestration import scenario
from tests.orchestration.recorded import Stage, exchanges

LISTED = GOLDEN / "orchestration.tsv"
SAME_AT_LEAST = 0.978


async def people(cloud: Cloud, admin: User) -> dict[str, User]:
    """The users of the recorded cloud, by whose token a request had."""
    listed = {one["name"]: one["id"] for one in (await admin.get("identity", "/v3/roles")).ok()["roles"]}

    async def role(name: str) -> str:
        if name not in listed:
            made = (await admin.post("identity", "/v3/roles", {"role": {"name": name}})).ok(201)
            listed[name] = made["role"]["id"]
        return str(listed[name])

    async def user(name: str, project: str, role_name: str) -> User:
        found = (await admin.get("identity", f"/v3/projects?name={project}")).ok()["projects"]
        body = {"project": {"name": project, "domain_id": "default"}}
        where = found[0] if found else (await admin.post("identity", "/v3/projects", body)).ok(201)["project"]
        person = {"user": {"name": name, "password": "secret", "domain_id": "default"}}
        made = (await admin.post("identity", "/v3/users", person)).ok(201)["user"]["id"]
        path = f"/v3/projects/{where['id']}/users/{made}/roles/{await role(role_name)}"
        (await admin.put("identity", path)).ok(204)
        return await cloud.login({"id": made, "password": "secret"}, {"project": {"id": where["id"]}})

    return {
        "admin": admin,
        "member": await user("pbm", "pb-one", "member"),
        "second": await user("pbm2", "pb-one", "member"),
        "reader": await user("pbr", "pb-one", "reader"),
        "stranger": await user("pb2", "pb-two", "member"),
        "heat_stack_user": await user("pbh", "pb-one", "heat_stack_user"),
        "anonymous": cloud.anonymous,
        "service-or-invalid": User(cloud.session, cloud.url, "invalid"),
    }


async def test_exchanges_are_as_recorded(cloud: Cloud, admin: User) -> None:
    stage = Stage(cloud, await people(cloud, admin))
    await scenario.replay(stage)
    found = stage.found
    assert len(found) == len({one.key for one in exchanges()}), "not all were asked"
    different = {key: says for key, says in found.items() if says}
    known = {}
    if LISTED.exists():
        with LISTED.open(encoding="utf-8") as rows:
            known = {
                row["exchange"]: row["reason"] for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)
            }
    if os.environ.get("UPDATE_GOLDEN"):
        text = "".join(f"{key}\t{known.get(key, '')}\n" for key in sorted(different))
        LISTED.write_text("exchange\treason\n" + text, encoding="utf-8")
    news = [f"{key}\n    " + "\n    ".join(says[:3]) for key, says in different.items() if key not in known]
    assert not news, f"{len(news)} of {len(found)} differ from the recording:\n" + "\n".join(news)
    assert sorted(known) == sorted(different), "listed, but as recorded"
    assert all(known.values()), "a listed difference without a reason"
    assert len(different) <= (1 - SAME_AT_LEAST) * len(found)
