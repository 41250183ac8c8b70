"""Tempest: OpenStack's own integration tests, those that need no guest to log in to."""

from collections.abc import Callable
from pathlib import Path

from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.downloads import address_of
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.features import Features, look
from mopenstack.conformance.openstack import Session, request
from mopenstack.conformance.paths import package_file
from mopenstack.conformance.upstream.accounts import Accounts
from mopenstack.conformance.upstream.suite import Suite

SERVICES = {
    "compute": "compute",
    "identity": "identity",
    "image": "image",
    "network": "network",
    "volume": "block-storage",
    "object_storage": "object-store",
}
ALT_IMAGE = "tempest-alt"
RESELLER = "ResellerAdmin"
IMAGE_BYTES = b"\0" * 4096
NO_GUEST = "it talks to a guest, and a mock has none"


def service_of(name: str) -> str:
    """tempest.api.<service>."""
    return SERVICES.get(name.split(".")[2], "") if name.startswith("tempest.api.") else ""


def nothing_further(features: Features) -> dict[str, str]:
    """Most plugins' configuration says nothing of the cloud that Tempest's does not."""
    return {}


def prepare(
    cloud: Cloud,
    folder: Path,
    *,
    plugin: str = "",
    setting: str = "",
    further: Callable[[Features], dict[str, str]] = nothing_further,
) -> dict[str, str]:
    """A tempest.conf from what the cloud has, as an operator would fill it in.

    That of a plugin is Tempest's with the plugin's own sections behind it, and behind these what a setting has
    otherwise: `data/<setting>.conf`. The last value of an option counts.
    `further` are the values of names that only the plugin's sections have.
    """
    if cloud.admin is None:
        raise CloudError("Tempest makes its own projects and users: it needs an administrator (--admin-cloud)")
    features = look(cloud, cloud.admin)
    session = features.session
    images = session.list("image", "/v2/images", "images") or []
    flavors = sorted(session.list("compute", "/flavors/detail", "flavors") or [], key=lambda one: int(one["ram"]))
    external = session.list("network", "/v2.0/networks?router:external=true", "networks") or []
    if not images or len(flavors) < 2 or not external:
        raise CloudError("Tempest needs an image, two flavors and an external network")
    first, second = (one["id"] for one in flavors[:2])
    variables = cloud.admin.variables
    values = {
        "folder": str(folder),
        "auth_url": variables["OS_AUTH_URL"],
        "region": variables.get("OS_REGION_NAME", "RegionOne"),
        "username": variables["OS_USERNAME"],
        "password": variables["OS_PASSWORD"],
        "project": variables.get("OS_PROJECT_NAME", "admin"),
        "network": external[0]["id"],
        "network_name": external[0]["name"],
        "extensions": ",".join(sorted(features.extensions)),
        "microversion": features.newest("compute"),  # tests of newer ones are skipped, not failed
        "flavor": first,
        "flavor_alt": second,
        "image": images[0]["id"],
        "image_alt": _alt_image(session),
        "download": address_of(IMAGE_BYTES) + "/image.raw",
        "multiattach": _multiattach_type(session),
        "nodes": str(len(features.hypervisors) or 1),
        "has_swift": str(features.has("object-store")),
        "name_server": cloud.name_server,
        "swift_apis": ",".join(_swift_apis(session)),
        **further(features),
    }
    (folder / "signed.img").write_bytes(IMAGE_BYTES)
    files = [package_file("data", f"{name}.conf") for name in ("tempest", plugin, setting) if name]
    (folder / "tempest.conf").write_text("".join(file.read_text() for file in files).format_map(values))
    return {"TEMPEST_CONFIG_DIR": str(folder), "HOME": str(folder)}


def _alt_image(session: Session) -> str:
    """A second image, since tests that rebuild want another one."""
    url = session.catalog["image"] + "/v2/images"
    body = {"name": ALT_IMAGE, "disk_format": "raw", "container_format": "bare", "visibility": "public"}
    made = request("POST", url, token=session.token, body=body)
    if made.status != 201:
        raise CloudError(f"no second image: {made.status} {made.body}")
    sent = request("PUT", f"{url}/{made.body['id']}/file", token=session.token, data=IMAGE_BYTES)
    if sent.status != 204:
        raise CloudError(f"no bytes for the second image: {sent.status} {sent.body}")
    return str(made.body["id"])


def _multiattach_type(session: Session) -> str:
    """The name of a volume type whose volumes are attached to many servers, as DevStack makes one."""
    name = "multiattach"
    body = {"volume_type": {"name": name, "extra_specs": {"multiattach": "<is> True"}}}
    made = request("POST", session.catalog["volumev3"] + "/types", token=session.token, body=body)
    if made.status not in (200, 409):
        raise CloudError(f"no volume type for many attachments: {made.status} {made.body}")
    return name


def _swift_apis(session: Session) -> list[str]:
    """What Swift says that it has, with the role that Tempest's users of it need beside the seeded ones."""
    endpoint = session.endpoint("object-store")
    if endpoint is None:
        return []
    Accounts(session).role(RESELLER)
    told = request("GET", endpoint.partition("/v1")[0] + "/info")
    if told.status != 200:
        raise CloudError(f"Swift does not tell what it has: {told.status} {told.body}")
    return sorted(name for name in told.body if name != "container_sync")  # nothing copies containers in the background


def listing(folder: Path) -> dict[str, str]:
    """Tests are listed without a configuration."""
    return {"HOME": str(folder)}


def listing_as_configured(folder: Path, plugin: str) -> dict[str, str]:
    """The names of some tests have an option's value in them: they are listed with the plugin's own sections."""
    conf = folder / "listing.conf"
    conf.write_text(package_file("data", f"{plugin}.conf").read_text())
    return {**listing(folder), "TEMPEST_CONFIG_DIR": str(folder), "TEMPEST_CONFIG": conf.name}


def needs_guest() -> dict[str, str]:
    """Test of Tempest or of a plugin -> why it is not run."""
    names = package_file("data", "tempest-needs-guest.txt").read_text().splitlines()
    return {name: NO_GUEST for name in names if name and name[0] != "#"}


SUITE = Suite(
    name="tempest",
    tool="tempest",
    packages=[f"tempest.api.{name}" for name in SERVICES],
    service_of=service_of,
    prepare=prepare,
    listing=listing,
    # Its tests move servers, upload random bytes as qcow2, as [image-feature-enabled] image_format_enforcement = false
    # says, import the image that this machine offers, and copy images to another store.
    options=[
        "compute.hosts=2",
        "image.require_image_format_match=false",
        "image.web_download_hosts=127.0.0.1",
        "image.further_stores=slow",
    ],
    not_run=needs_guest(),
    realistic={
        "*.ImagesTestJSON.test_delete_saving_image": "an image of a server that is being saved",
        "*.test_create_second_image_when_first_image_is_being_saved": "the same, and the server's task",
    },
)
