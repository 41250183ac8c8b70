"""What a cloud has, as it tells itself: a case that needs more is *not run*.

compute            the catalog has a service of this type, or of another type of the same API
compute 2.90       and the API has the microversion, as its version document says
extension:qos      the network service lists the extension
admin              the run has an account of an administrator
hypervisor         the compute service shows hypervisors to it
tls                the cloud speaks HTTPS
region:Two         the catalog has endpoints in the region; a cloud of the run's own is made with such regions
s3                 the object store answers S3's requests too, as its capabilities say
"""

import re
from functools import cached_property
from typing import Annotated

from pydantic import StringConstraints

from mopenstack.conformance.cloud import Account, Cloud
from mopenstack.conformance.openstack import Session

Feature = Annotated[str, StringConstraints(pattern=r"^([a-z0-9-]+( \d+\.\d+)?|(extension|region):[a-zA-Z0-9_-]+)$")]
"""The name of something that a cloud has or has not."""

_EXTENSION = "extension:"
REGION = "region:"


def regions_of(features: list[str]) -> list[str]:
    """The regions that are named among features."""
    return [one.removeprefix(REGION) for one in features if one.startswith(REGION)]


class Features:
    """Of one cloud; each kind of them is looked up when it is first asked for."""

    def __init__(self, session: Session, *, admin: bool) -> None:
        self.session, self._admin = session, admin
        self._newest: dict[str, str] = {}

    def has(self, feature: str) -> bool:
        """Whether the cloud has it."""
        if feature.startswith(_EXTENSION):
            return feature.removeprefix(_EXTENSION) in self.extensions
        if feature.startswith(REGION):
            return feature.removeprefix(REGION) in self.session.regions
        if feature == "admin":
            return self._admin
        if feature == "tls":
            return self.session.secure
        if feature == "s3":
            return self.session.answers_s3
        if feature == "hypervisor":
            return bool(self.hypervisors)
        service, _, microversion = feature.partition(" ")
        if self.session.endpoint(service) is None:
            return False
        return not microversion or self._has_microversion(service, microversion)

    def lacks(self, needs: list[str]) -> list[str]:
        """Of the things needed, those that the cloud has not, sorted."""
        return sorted({need for need in needs if not self.has(need)})

    @cached_property
    def extensions(self) -> frozenset[str]:
        """The aliases of the network service's extensions."""
        found = self.session.list("network", "/v2.0/extensions", "extensions") or []
        return frozenset(one["alias"] for one in found)

    @cached_property
    def hypervisors(self) -> list[str]:
        """Host names."""
        found = self.session.list("compute", "/os-hypervisors", "hypervisors") or []
        return [one["hypervisor_hostname"] for one in found]

    def newest(self, service: str) -> str:
        """The newest microversion of a service; empty for one that has none."""
        if service not in self._newest:
            self._newest[service] = self.session.newest_microversion(service)
        return self._newest[service]

    def _has_microversion(self, service: str, microversion: str) -> bool:
        newest = self.newest(service)
        return bool(newest) and _numbers(microversion) <= _numbers(newest)


def look(cloud: Cloud, account: Account | None = None) -> Features:
    """What a cloud has, seen by an account; without one by its administrator, if there is one."""
    session = Session(account or cloud.admin or cloud.demo).authenticate()
    return Features(session, admin=cloud.admin is not None)


def lack(missing: list[str]) -> str:
    """The reason of a case that is not run."""
    return f"the cloud has no {', no '.join(missing)}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))
