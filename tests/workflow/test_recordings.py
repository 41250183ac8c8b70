"""What Mistral answered when it was recorded, answered again.

What differs is listed in `golden/exchanges/workflow.tsv`, each with its reason; UPDATE_GOLDEN=1 adds what is new,
without a reason, which the test then asks for, and drops what is no longer so.
"""

from __future__ import annotations

import csv
import os
from typing import Any

from tests.conftest import User
from tests.exchanges.export import GOLDEN
from tests.workflow.exchanges import exchanges
from tests.workflow.recorded import Stage

LISTED = GOLDEN / "workflow.tsv"
SAME_AT_LEAST = 0.95


async def people(cloud: Any, admin: User) -> dict[str, User]:
    """The users of the recorded cloud, by their roles."""
    roles = {one["name"]: one["id"] for one in (await admin.get("identity", "/v3/roles")).ok()["roles"]}

    async def project(name: str) -> str:
        body = {"project": {"name": name, "domain_id": "default"}}
        return str((await admin.post("identity", "/v3/projects", body)).ok(201)["project"]["id"])

    async def user(name: str, where: str, role: str) -> User:
        body = {"user": {"name": name, "password": "secret", "domain_id": "default"}}
        made = (await admin.post("identity", "/v3/users", body)).ok(201)["user"]["id"]
        (await admin.put("identity", f"/v3/projects/{where}/users/{made}/roles/{roles[role]}")).ok(204)
        session: User = await cloud.login({"id": made, "password": "secret"}, {"project": {"id": where}})
        return session

    one, two = await project("pb-one"), await project("pb-two")
    return {
        "admin": admin,
        "member": await user("m", one, "member"),
        "reader": await user("r", one, "reader"),
        "stranger": await user("m2", two, "member"),
    }


async def test_exchanges_are_as_recorded(cloud: Any, admin: User) -> None:
    stage = Stage(cloud, await people(cloud, admin))
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
