"""The quotas that a project has before an exchange."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.exchanges.staging import Staging

TREE = ("limit", "used", "reserved", "in_use", "allocated")


def limits(stage: Staging) -> None:
    """Set what the answer shows and the request does not."""
    exchange = stage.exchange
    answer, request = exchange.line.get("response"), exchange.line.get("request")
    if exchange.status >= 300:
        return
    key = "quota" if "/v2.0/" in exchange.path else "quota_set"
    shown = answer.get(key) if isinstance(answer, dict) else {"network": 3} if key == "quota" else {}
    asked = request.get(key, {}) if isinstance(request, dict) else {}
    wanted = {}
    for name, value in (shown or {}).items():
        number = value.get("limit") if isinstance(value, dict) else value
        known = name not in ("id", "force", "fixed_ips", "security_groups", "security_group_rules")
        if isinstance(number, int) and name not in asked and (known or key == "quota") and not name.endswith("_foo"):
            wanted[name] = number
    path = exchange.path.partition("?")[0]
    for end in ("/details", "/detail"):
        path = path.removesuffix(end)
    if wanted:
        if key == "quota":
            wanted["force"] = True
        stage.steps.append(("PUT", path, json.dumps({key: wanted}).encode()))


def exhausted(stage: Staging) -> None:
    """The quotas at nought, where the exchange was refused for one."""
    error: Any = stage.exchange.line.get("response")
    kind = error.get("NeutronError", {}).get("type") if isinstance(error, dict) else ""
    if kind == "OverQuota":
        names = (
            "network", "subnet", "subnetpool", "port", "router", "floatingip", "security_group",
            "security_group_rule", "rbac_policy", "trunk",
        )  # fmt: skip
        quota = {"force": True, **{name: 0 for name in names if f"'{name}'" in str(error)}}
        stage.steps.append(("PUT", f"/v2.0/quotas/{stage.project_id}", json.dumps({"quota": quota}).encode()))
    text = str(error)
    if "Quota exceeded for " in text and "/v2.1/" in stage.exchange.path:
        word = text.partition("Quota exceeded for ")[2].partition(":")[0].partition(",")[0]
        allowed = int((re.search(r"of (\d+) ", text) or ["", "0"])[1])
        body = json.dumps({"quota_set": {word: allowed, "force": True}}).encode()
        stage.steps.append(("PUT", f"/v2.1/os-quota-sets/{stage.project_id}", body))


PREPARE = {
    (verb, path): limits
    for verb in ("GET", "PUT", "DELETE")
    for path in (
        "/v2.0/quotas/{project_id}",
        "/v2.0/quotas/{project_id}/details",
        "/v2.1/os-quota-sets/{project_id}",
        "/v3/os-quota-sets/{quota_project_id}",
    )
}
