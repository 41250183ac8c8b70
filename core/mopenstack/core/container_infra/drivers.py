"""Cluster drivers, and what Magnum checks for them (magnum/drivers/common/driver.py, magnum/api/validation.py)."""

from __future__ import annotations

from dataclasses import dataclass

from mopenstack.container_infra.v1 import refusals
from mopenstack.container_infra.v1.cluster_templates_pb2 import ClusterTemplate
from mopenstack.core.container_infra.options import DRIVERS
from mopenstack.core.engine.call import Call


@dataclass(frozen=True, slots=True)
class Driver:
    """What makes clusters: on which operating systems, and whether it can upgrade them and resize their masters."""

    name: str
    systems: tuple[str, ...]
    upgrades: bool = False


HEAT = Driver("k8s_fedora_coreos_v1", ("fedora-coreos",))
CAPI = Driver("k8s_capi_helm_v1", ("ubuntu", "flatcar"), upgrades=True)
"""Source: magnum_capi_helm/driver.py."""
KUBERNETES_VERSION = "v1.23.3-rancher1"
"""The default of the label kube_tag."""
CONTAINER_VERSION = "1.12.6"
NETWORK_DRIVERS = ("flannel", "calico", "cilium")
ALLOWED_NETWORK_DRIVERS = ("flannel", "calico")
"""magnum.conf, [cluster_template] kubernetes_allowed_network_drivers; the first one is the default."""
VOLUME_DRIVERS = ("cinder",)
DEVICEMAPPER_GIGABYTES_MIN = 3


def find_driver(call: Call, server_type: str, os: str | None, coe: str, name: str | None) -> Driver:
    """The driver by its name, else by what it makes; raises the refusal of clusters that none makes."""
    known = (HEAT, CAPI) if call.cloud.options.get(DRIVERS.name) == "capi" else (HEAT,)
    for driver in known:
        if driver.name == name if name else (server_type, coe) == ("vm", "kubernetes") and os in driver.systems:
            return driver
    if name:
        raise refusals.ClusterDriverNotSupported(driver_name=name)
    raise refusals.ClusterTypeNotSupported(server_type=server_type, os=os, coe=coe)


def driver_of(call: Call, template: ClusterTemplate) -> Driver:
    """The driver of the clusters of a template."""
    return find_driver(call, template.server_type, template.cluster_distro, template.coe, template.driver)


def check_engine(coe: str) -> None:
    if coe != "kubernetes":
        raise refusals.InvalidParameterValue(err=f"Requested COE type {coe or 'Unset'} is not supported.")


def choose_network_driver(template: ClusterTemplate) -> None:
    """Give a template the default network driver if it has none; refuse one that is not for its engine."""
    driver = template.network_driver = template.network_driver or ALLOWED_NETWORK_DRIVERS[0]
    check_network_driver(driver)


def check_network_driver(driver: str) -> None:
    for words, allowed, end in (
        ("is not supported", NETWORK_DRIVERS, "."),
        ("is not allowed", ALLOWED_NETWORK_DRIVERS, ". "),
    ):
        if driver not in allowed:
            expected = "/".join([*allowed, "unspecified"])
            raise refusals.InvalidParameterValue(
                err=f"Network driver type {driver} {words}, expecting a {expected} network driver{end}"
            )


def check_volume_driver(driver: str) -> None:
    if driver and driver not in VOLUME_DRIVERS:
        expected = "/".join([*VOLUME_DRIVERS, "unspecified"])
        raise refusals.InvalidParameterValue(
            err=f"Volume driver type {driver} is not supported, expecting a {expected} volume driver."
        )


def volume_size(template: ClusterTemplate) -> int | None:
    """That of the volume for Docker, in GB; None without one."""
    return template.docker_volume_size if template.HasField("docker_volume_size") else None


def check_storage(template: ClusterTemplate, size: int | None) -> None:
    """Refuse a volume for Docker that is too small for the storage driver; `size` in GB, None without one."""
    driver = template.docker_storage_driver
    if driver == "devicemapper" and (size or 0) < DEVICEMAPPER_GIGABYTES_MIN:
        raise refusals.InvalidParameterValue(
            err=f"docker volume size {size} GB is not valid, expecting minimum value 3GB for {driver} storage driver."
        )


def check_master_count(count: int) -> None:
    if count % 2 == 0 or count < 1:
        raise refusals.MasterNodeGroupSizeInvalid(requested_size=count)
