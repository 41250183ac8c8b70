"""The release of OpenStack that a cloud is of, for what the core itself knows; microversions are the gateway's."""

from __future__ import annotations

from mopenstack.contract.releases import LATEST_RELEASE, RELEASES
from mopenstack.core.engine.clouds import Cloud
from mopenstack.core.engine.listing import IGNORE_CASE
from mopenstack.core.engine.options import Option

RELEASE = Option(
    "cloud.release",
    LATEST_RELEASE,
    "The release of OpenStack that the cloud is of: nothing is higher than its microversions, and extensions that came "
    "later are not there. `latest` is all that mopenstack serves.",
    (*RELEASES, LATEST_RELEASE),
)


OWN_OPTIONS = (IGNORE_CASE, RELEASE)
"""The options of every cloud, whatever services it has."""


def release_of(cloud: Cloud) -> str:
    """The release of a cloud; empty: all that is served."""
    found = cloud.options.get(RELEASE.name, "")
    return "" if found == LATEST_RELEASE else found
