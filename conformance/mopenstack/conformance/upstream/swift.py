"""Swift's own functional tests, out of its source: of its API and of S3's with boto 2, and of S3's with boto3.

The first sign in with TempAuth as the users of Swift's sample configuration, whose keys are their secrets in S3; the
others with EC2 credentials of users whom Keystone knows by the same names: account `test` is the project `test`.
"""

import json
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.features import look
from mopenstack.conformance.openstack import request
from mopenstack.conformance.paths import package_file
from mopenstack.conformance.upstream.accounts import Accounts
from mopenstack.conformance.upstream.suite import Suite, source_of

SERVICE = "object-store"
OWN_PORT = ["--service-port", f"{SERVICE}=0"]
"""The tests make paths of their own, from the root of a port."""
PROJECT = "test"
USERS = {"tester": "testing", "tester2": "testing2", "tester3": "testing3"}
"""User of the sample configuration -> key."""
ROLES = {"tester": "admin", "tester2": "admin", "tester3": "reader"}
"""User of the project -> role: two own its account, one does not."""


def furnish(cloud: Cloud) -> None:
    """The project and users of the sample configuration, with an EC2 credential each."""
    features = look(cloud)
    if not features.has(SERVICE):
        return
    accounts = Accounts(features.session)
    project = accounts.project(PROJECT)
    for name, role in ROLES.items():
        user = accounts.user(name, USERS[name], project, role)
        accounts.make(
            "credential",
            type="ec2",
            blob=json.dumps({"access": _access(name), "secret": _secret(name)}),
            user_id=user,
            project_id=project,
        )


def _access(user: str) -> str:
    return f"{PROJECT}-{user}"


def _secret(user: str) -> str:
    return f"{user}-secret"


def prepare(cloud: Cloud, folder: Path, *, keystone: bool = False) -> dict[str, str]:
    """Swift's test.conf, with keys of S3 that TempAuth or Keystone knows.

    A cloud of clouds.yaml must have its Swift at the root of the address in its catalog.
    """
    features = look(cloud)
    endpoint = urlsplit(features.session.endpoint(SERVICE) or "")
    url = cloud.ports.get(SERVICE, f"{endpoint.scheme}://{endpoint.netloc}")
    told = request("GET", url + "/info")
    if told.status != 200:
        raise CloudError(f"Swift does not tell what it has: {told.status} {told.body}")
    values = {"url": url, "s3_acl": str(told.body.get("s3api", {}).get("s3_acl", False))}
    for number, user in enumerate(ROLES, 1):
        access, secret = (_access(user), _secret(user)) if keystone else (f"{PROJECT}:{user}", USERS[user])
        values |= {f"access{number}": access, f"secret{number}": secret}
    path = folder / "test.conf"
    path.write_text(package_file("data", "swift-test.conf").read_text().format_map(values))
    return {**listing(folder), "SWIFT_TEST_CONFIG_FILE": str(path)}


def listing(folder: Path) -> dict[str, str]:
    """The tests are in the source: its folder `test` goes before Python's own package of that name."""
    return {**source_of("swift"), "HOME": str(folder), "SWIFT_TEST_CONFIG_FILE": str(folder / "none.conf")}


OF_KEYSTONE = (
    "test_access_control.",
    "test_account.TestAccountInNonDefaultDomain.",
    "test_container.TestContainerACLs",
)
"""The tests that want users of Keystone, of two domains."""
KEYSTONE_USERS = (
    ("tester", "test", "admin", "default"),
    ("tester2", "test2", "admin", "default"),
    ("tester3", "test", "_member_", "default"),
    ("tester4", "test4", "admin", "test-domain"),
    ("tester5", "test5", "service", "default"),
    ("tester6", "test", "ResellerAdmin", "default"),
)
"""(user, project, role, domain), as test_access_control.py has them."""


def _furnish_keystone(cloud: Cloud) -> None:
    features = look(cloud)
    if not features.has(SERVICE):
        return
    accounts = Accounts(features.session)
    for name, project, role, domain in KEYSTONE_USERS:
        id = accounts.domain(domain) if domain != "default" else domain
        accounts.user(name, name, accounts.project(project, id), role, id)
    if SERVICE in cloud.ports:
        accounts.move_endpoints(SERVICE, cloud.ports[SERVICE] + "/v1/AUTH_$(project_id)s")


def _prepare_keystone(cloud: Cloud, folder: Path) -> dict[str, str]:
    """Swift's test.conf for Keystone."""
    lines = ["[func_test]", "auth_version = 3", f"auth_uri = {cloud.demo.auth_url}", "service_prefix = SERVICE"]
    for number, (name, project, _, domain) in enumerate(KEYSTONE_USERS, 1):
        for key, value in {"username": name, "password": name, "account": project, "domain": domain}.items():
            lines.append(f"{key}{number if number > 1 else ''} = {value}")
    path = folder / "test.conf"
    path.write_text("\n".join([*lines, ""]))
    return {**listing(folder), "SWIFT_TEST_CONFIG_FILE": str(path)}


def _of_keystone(test: str) -> str:
    return SERVICE if test.removeprefix("test.functional.").startswith(OF_KEYSTONE) else ""


def _suite(name: str, package: str, **more: Any) -> Suite:
    return Suite(
        name=name,
        tool="swift",
        packages=[package],
        listing=listing,
        **{"service_of": lambda test: SERVICE, "further": OWN_PORT, **more},
    )


FUNCTIONAL = _suite("swift-functional", "test.functional", prepare=prepare)
KEYSTONE = _suite(
    "swift-keystone",
    "test.functional",
    service_of=_of_keystone,
    prepare=_prepare_keystone,
    furnish=_furnish_keystone,
)
S3 = _suite("swift-s3", "test.s3api", prepare=partial(prepare, keystone=True), furnish=furnish)
