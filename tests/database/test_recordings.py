"""What Trove answered when it was recorded, answered again.

What differs is listed in `golden/exchanges/database.tsv`, each with its reason; UPDATE_GOLDEN=1 adds what is new,
without a reason, which the test then asks for, and drops what is no longer so.
"""

from __future__ import annotations

import csv
import os
from typing import Any

from tests.conftest import Cloud, User
from tests.database.recorded import Stage, exchanges
from tests.exchanges.export import GOLDEN

LISTED = GOLDEN / "database.tsv"
SAME_AT_LEAST = 0.95


async def people(cloud: Cloud, admin: User) -> dict[str, User]:
    """The users of the recorded cloud, by what the recordings call them."""
    roles = {one["name"]: one["id"] for one in (await admin.get("identity", "/v3/roles")).ok()["roles"]}

    async def user(name: str, project: str, role: str) -> User:
        body: dict[str, Any] = {"project": {"name": project, "domain_id": "default"}}
        found = (await admin.get("identity", f"/v3/projects?name={project}")).ok()["projects"]
        where = found[0] if found else (await admin.post("identity", "/v3/projects", body)).ok(201)["project"]
        body = {"user": {"name": name, "password": "secret", "domain_id": "default"}}
        made = (await admin.post("identity", "/v3/users", body)).ok(201)["user"]["id"]
        (await admin.put("identity", f"/v3/projects/{where['id']}/users/{made}/roles/{roles[role]}")).ok(204)
        return await cloud.login({"id": made, "password": "secret"}, {"project": {"id": where["id"]}})

    return {
        "admin": admin,
        "member": await user("m", "pb-one", "member"),
        "reader": await user("r", "pb-one", "reader"),
        "stranger": await user("s", "pb-two", "member"),
    }


async def test_exchanges_are_as_recorded(cloud: Cloud, admin: User) -> None:
    image = (await admin.get("image", "/v2/images")).ok()["images"][0]["id"]
    stage = Stage(cloud, await people(cloud, admin), image)
    found: dict[str, list[str]] = {}
    for one in exchanges():
        found[one.key] = await stage.replay(one)
    different = {key: says for key, says in found.items() if says}
    known = {}
    if LISTED.exists():
        with LISTED.open(encoding="utf-8") as lines:
            rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            known = {row["exchange"]: row["reason"] for row in rows}
    if os.environ.get("UPDATE_GOLDEN"):
        text = "".join(f"{key}\t{known.get(key, '')}\n" for key in sorted(different))
        LISTED.write_text("exchange\treason\n" + text, encoding="utf-8")
    news = [f"{key}\n    " + "\n    ".join(says[:3]) for key, says in different.items() if key not in known]
    assert not news, f"{len(news)} of {len(found)} differ from the recording:\n" + "\n".join(news)
    assert sorted(known) == sorted(different), "listed, but as recorded"
    assert all(known.values()), "a listed difference without a reason"
    assert len(different) <= (1 - SAME_AT_LEAST) * len(found)
