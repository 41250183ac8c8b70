"""Horizon's own Selenium tests, in Chromium: each worker has a dashboard of its own in front of its cloud.

Those of `openstack_dashboard/test/selenium/integration` are run; the ones in `ui` beside them ask no cloud, they give
Horizon stand-ins of its API clients.
"""

import configparser
import secrets
from pathlib import Path

from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.features import look
from mopenstack.conformance.openstack import Session
from mopenstack.conformance.tools import Chromedriver, Chromium, get_tool
from mopenstack.conformance.tools.horizon import Horizon
from mopenstack.conformance.upstream.suite import Suite

PACKAGE = "openstack_dashboard.test.selenium.integration"
SERVICES = {
    "credentials": "identity",
    "defaults": "compute",
    "federation_login": "identity",
    "flavors": "compute",
    "floatingips": "network",
    "groups": "identity",
    "grouptypes": "block-storage",
    "host_aggregates": "compute",
    "images": "image",
    "instances": "compute",
    "keypairs": "compute",
    "metadata_definitions": "image",
    "networks": "network",
    "projects": "identity",
    "regions": "identity",
    "routers": "network",
    "security_groups": "network",
    "services_regions": "identity",
    "settings": "identity",
    "user_credentials": "identity",
    "users": "identity",
    "volume_snapshots": "block-storage",
    "volumes": "block-storage",
    "volumetypes": "block-storage",
}
"""Module, without `test_` -> the service that it is about."""
SETTINGS = {"DJANGO_SETTINGS_MODULE": "openstack_dashboard.settings"}
"""What the tests ask of the dashboard's settings they read themselves."""
PROVIDER = "kcIDP"
"""The identity provider of the configuration that comes with the tests."""
REGIONS = ("RegionOne", "RegionTwo")
"""Of the cloud for the tests that switch between regions."""
NO_KEYCLOAK = "signs in at a Keycloak server, a Java program that this suite does not start"


def service_of(name: str) -> str:
    """By the module that holds the test; a new one must be named above."""
    return SERVICES[name.removeprefix(PACKAGE + ".").partition(".")[0].removeprefix("test_")]


def furnish(cloud: Cloud) -> None:
    """What the clouds have that its authors test against."""
    session = look(cloud).session
    _add_provider(session)
    _name_endpoints(session)


def _add_provider(session: Session) -> None:
    """An identity provider: Horizon offers its choice at the sign-in, and two tests sign in beside it."""
    path = f"/v3/OS-FEDERATION/identity_providers/{PROVIDER}"
    body = {"identity_provider": {"enabled": True, "remote_ids": ["http://127.0.0.1:9/realms/horizon"]}}
    made = session.send("PUT", "identity", path, body)
    if made.status != 201:
        raise CloudError(f"PUT {path}: {made.status} {made.body}")


def _name_endpoints(session: Session) -> None:
    """Endpoints have a name of their own, as gophercloud's users give them: a test finds services by it."""
    names = {one["id"]: one["name"] for one in session.list("identity", "/v3/services", "services") or []}
    for endpoint in session.list("identity", "/v3/endpoints", "endpoints") or []:
        path = f"/v3/endpoints/{endpoint['id']}"
        named = session.send("PATCH", "identity", path, {"endpoint": {"name": names[endpoint["service_id"]]}})
        if named.status != 200:
            raise CloudError(f"PATCH {path}: {named.status} {named.body}")


def prepare(cloud: Cloud, folder: Path) -> dict[str, str]:
    """The configuration that comes with the tests, with what is so in this cloud."""
    admin = cloud.admin or cloud.demo
    session = look(cloud).session
    images = [one for one in session.list("image", "/v2/images", "images") or [] if one["name"].startswith("cirros")]
    if not images:
        raise CloudError("Horizon's tests need a cirros image, and the cloud has none")
    image = images[0]
    told = configparser.ConfigParser(interpolation=None)
    told.read(_tool().selenium_configuration)
    one, two = (*session.regions, *REGIONS)[:2]
    changes = {
        "services_regions": {"region_one_name": one, "region_two_name": two},
        "dashboard": {"auth_url": cloud.demo.auth_url},
        # A wait for what must come ends when it comes: more time costs a quick machine nothing.
        "selenium": {"screenshots_directory": str(folder / "reports"), "page_timeout": "240", "message_wait": "120"},
        "image": {"images_list": image["name"]},
        "launch_instances": {"image_name": f"{image['name']} ({_megabytes(image['size'])})"},
        "identity": {
            "username": cloud.demo.username,
            "password": cloud.demo.variables["OS_PASSWORD"],
            "home_project": cloud.demo.variables["OS_PROJECT_NAME"],
            "admin_username": admin.username,
            "admin_password": admin.variables["OS_PASSWORD"],
            "admin_home_project": admin.variables["OS_PROJECT_NAME"],
        },
    }
    for section, values in changes.items():
        told[section].update(values)
    path = folder / "horizon.conf"
    with path.open("w") as file:
        told.write(file)
    return {
        **SETTINGS,
        "HOME": str(folder),
        "HORIZON_INTEGRATION_TESTS_CONFIG_FILE": str(path),
        "MOPENSTACK_CHROMIUM": str(Chromium().require().path),
        "MOPENSTACK_CHROMEDRIVER": str(Chromedriver().require().path),
        "MOPENSTACK_HORIZON_KEYSTONE": cloud.demo.auth_url,
        "MOPENSTACK_HORIZON_SECRET": secrets.token_hex(),
    }


def _megabytes(size: int) -> str:
    """A size as Django writes it."""
    return f"{size / 2**20:.1f} MB"


def _tool() -> Horizon:
    tool = get_tool("horizon")
    assert isinstance(tool, Horizon)
    return tool


def _listing(folder: Path) -> dict[str, str]:
    return {**SETTINGS, "HOME": str(folder)}


SUITE = Suite(
    name="horizon",
    tool="horizon",
    packages=[PACKAGE],
    driver=Path(__file__).with_name("horizon_driver.py"),
    service_of=service_of,
    prepare=prepare,
    listing=_listing,
    furnish=furnish,
    not_run={f"{PACKAGE}.test_federation_login.*{which}*": NO_KEYCLOAK for which in ("keycloak", "multi_realm")},
    regions={f"{PACKAGE}.test_services_regions.*": REGIONS},
    # A page is a dozen requests, and a test some pages.
    slowness=4,
)
