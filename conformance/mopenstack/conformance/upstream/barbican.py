"""Barbican's own functional tests, out of its source: what its API does, and who may do what by the roles of old."""

from pathlib import Path

from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.features import look
from mopenstack.conformance.paths import package_file
from mopenstack.conformance.upstream import clouds_yaml
from mopenstack.conformance.upstream.accounts import Accounts
from mopenstack.conformance.upstream.suite import Suite, source_of

SERVICE = "key-manager"
PASSWORD = "barbican"  # noqa: S105  # of the sample configuration
ROLES = {"admin": "admin", "creator": "creator", "observer": "observer", "auditor": "audit"}
"""Last part of a user's name -> role."""


def furnish(cloud: Cloud) -> None:
    """The accounts that Barbican's plugin of DevStack makes (create_deprecated_rbac_accounts)."""
    features = look(cloud)
    if not features.has(SERVICE):
        return
    accounts = Accounts(features.session)
    accounts.user("service-admin", PASSWORD, accounts.project("service"), "key-manager:service-admin")
    for project in ("project_a", "project_b"):
        project_id = accounts.project(project)
        for name, role in ROLES.items():
            accounts.user(f"{project}_{name}", PASSWORD, project_id, role)
        if project == "project_a":
            accounts.user(f"{project}_creator_2", PASSWORD, project_id, "creator")


def prepare(cloud: Cloud, folder: Path) -> dict[str, str]:
    """barbican-functional.conf, which is looked for below the working directory."""
    if cloud.admin is None:
        raise CloudError("Barbican's functional tests need an administrator (--admin-cloud)")
    variables = cloud.admin.variables
    path = folder / "etc" / "barbican" / "barbican-functional.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = package_file("data", "barbican-functional.conf").read_text()
    path.write_text(
        text.format(
            auth_url=variables["OS_AUTH_URL"],
            username=variables["OS_USERNAME"],
            password=variables["OS_PASSWORD"],
            project=variables.get("OS_PROJECT_NAME", "admin"),
            region=variables.get("OS_REGION_NAME", "RegionOne"),
            shared_password=PASSWORD,
        )
    )
    return {**source_of("barbican"), "HOME": str(folder)}


def _listing(folder: Path) -> dict[str, str]:
    return prepare(Cloud(name="none", demo=clouds_yaml.NOWHERE, admin=clouds_yaml.NOWHERE), folder)


SUITE = Suite(
    name="barbican-functional",
    tool="barbican",
    packages=["functionaltests.api"],
    service_of=lambda test: SERVICE,
    prepare=prepare,
    listing=_listing,
    furnish=furnish,
    options=["key_manager.secret_stores=two"],
)
