"""The `clouds.yaml` that the functional tests of the CLI and of the SDK look for."""

from pathlib import Path
from typing import Any

import yaml

from mopenstack.conformance.cloud import Account, Cloud

NOWHERE = Account(
    variables={
        "OS_AUTH_URL": "http://127.0.0.1:9/identity/v3",
        "OS_USERNAME": "demo",
        "OS_PASSWORD": "none",
        "OS_PROJECT_NAME": "demo",
    }
)
"""Enough of a cloud to list tests with."""

_AUTH = ("auth_url", "username", "password", "project_name", "user_domain_id", "project_domain_id")


def entry(account: Account, **auth: Any) -> dict[str, Any]:
    """An account as an entry; further keys of `auth` take the place of the project's."""
    variables = account.variables
    known = {key: variables[f"OS_{key.upper()}"] for key in _AUTH if f"OS_{key.upper()}" in variables}
    known.setdefault("user_domain_id", "default")
    known.setdefault("project_domain_id", "default")
    if "system_scope" in auth:
        known = {key: value for key, value in known.items() if not key.startswith("project")}
    return {"auth": {**known, **auth}, "region_name": variables.get("OS_REGION_NAME", "RegionOne")}


def write(folder: Path, cloud: Cloud) -> Path:
    """DevStack's entries in `folder`; returns the file."""
    admin = cloud.admin or cloud.demo
    clouds = {
        "devstack": entry(cloud.demo),
        "devstack-alt": entry(cloud.demo, username="alt_demo", project_name="alt_demo"),
        "devstack-admin": entry(admin),
        "devstack-admin-demo": entry(admin, project_name="demo"),
        "devstack-system-admin": entry(admin, system_scope="all"),
    }
    path = folder / ".config" / "openstack" / "clouds.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({"clouds": clouds}))
    return path
