"""Skyline in front of a cloud: its API, and its console in Chromium.

Skyline has no tests against a cloud: those of `data/skyline` are ours. Each worker serves a Skyline of its own.
"""

import json
import secrets
from pathlib import Path

import yaml

from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.features import look
from mopenstack.conformance.paths import package_file
from mopenstack.conformance.tools import Chromedriver, Chromium
from mopenstack.conformance.upstream.suite import Suite

TESTS = package_file("data", "skyline")
PACKAGE = "skyline_tests"
USER, PASSWORD, PROJECT, ROLE = "skyline", "secret", "service", "admin"
"""The user as which Skyline's API asks Keystone, as its installation guide makes it."""


def furnish(cloud: Cloud) -> None:
    """Skyline's own user."""
    session = look(cloud).session
    found = {
        kind: {one["name"]: one["id"] for one in session.list("identity", f"/v3/{kind}", kind) or []}
        for kind in ("projects", "roles")
    }
    body = {"user": {"name": USER, "password": PASSWORD, "domain_id": "default"}}
    user = session.send("POST", "identity", "/v3/users", body)
    if user.status != 201:
        raise CloudError(f"POST /v3/users: {user.status} {user.body}")
    path = f"/v3/projects/{found['projects'][PROJECT]}/users/{user.body['user']['id']}/roles/{found['roles'][ROLE]}"
    given = session.send("PUT", "identity", path)
    if given.status != 204:
        raise CloudError(f"PUT {path}: {given.status} {given.body}")


def prepare(cloud: Cloud, folder: Path) -> dict[str, str]:
    """Skyline's configuration file, and who signs in."""
    admin = cloud.admin or cloud.demo
    region = cloud.demo.variables.get("OS_REGION_NAME", "RegionOne")
    configuration = {
        "default": {
            "database_url": f"sqlite:///{folder}/skyline.db",
            "log_dir": str(folder),
            "ssl_enabled": False,
            "secret_key": secrets.token_urlsafe(32),
            "policy_file_path": str(folder / "policy"),
        },
        "openstack": {
            "keystone_url": f"{cloud.demo.auth_url.rstrip('/')}/",
            "system_user_name": USER,
            "system_user_password": PASSWORD,
            "system_project": PROJECT,
            "default_region": region,
        },
    }
    (folder / "skyline.yaml").write_text(yaml.safe_dump(configuration))
    accounts = {
        name: {
            "username": account.username,
            "password": account.variables["OS_PASSWORD"],
            "domain": account.variables.get("OS_USER_DOMAIN_NAME", "Default"),
            "region": region,
        }
        for name, account in (("demo", cloud.demo), ("admin", admin))
    }
    return {
        **_listing(folder),
        "OS_CONFIG_DIR": str(folder),
        "MOPENSTACK_CHROMIUM": str(Chromium().require().path),
        "MOPENSTACK_CHROMEDRIVER": str(Chromedriver().require().path),
        "MOPENSTACK_SKYLINE_ACCOUNTS": json.dumps(accounts),
    }


def _listing(folder: Path) -> dict[str, str]:
    return {"HOME": str(folder), "PYTHONPATH": str(TESTS)}


SUITE = Suite(
    name="skyline",
    tool="skyline",
    packages=[PACKAGE],
    own=TESTS,
    driver=Path(__file__).with_name("skyline_driver.py"),
    service_of=lambda name: "compute" if "server" in name else "identity",
    prepare=prepare,
    listing=_listing,
    furnish=furnish,
    slowness=2,
)
