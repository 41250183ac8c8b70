"""What Placement refused when it was recorded, refused again."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from tests.recordings import replay


async def test_recorded_refusals(cloud: Any, admin: Any, demo: Any, placement: Any) -> None:
    users = {
        "admin": admin,
        "member": demo,
        "service": await cloud.user("nova", project="service"),
        "anonymous": cloud.anonymous,
        "invalid": replace(demo, token="gAAAAA-no-token"),
    }
    stage = {"unknown": str(uuid.uuid4()), "provider": await placement.provider("Neutron segment")}
    (await replay("placement", "placement", users, stage)).judge()
