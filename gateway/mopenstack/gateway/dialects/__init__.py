"""One module a service: its error envelope, query keywords, pages, microversion headers and version documents."""

from __future__ import annotations

from mopenstack.contract.v1 import annotations_pb2
from mopenstack.gateway.dialects.admin import AdminDialect
from mopenstack.gateway.dialects.base import Dialect
from mopenstack.gateway.dialects.compute import ComputeDialect
from mopenstack.gateway.dialects.identity import IdentityDialect
from mopenstack.gateway.dialects.image import ImageDialect
from mopenstack.gateway.dialects.network import NetworkDialect
from mopenstack.gateway.dialects.placement import PlacementDialect
from mopenstack.gateway.dialects.volume import VolumeDialect

_DIALECTS: dict[str, type[Dialect]] = {
    "admin": AdminDialect,
    "compute": ComputeDialect,
    "identity": IdentityDialect,
    "image": ImageDialect,
    "network": NetworkDialect,
    "placement": PlacementDialect,
    "volumev3": VolumeDialect,
}


def dialect_of(api: annotations_pb2.Api) -> Dialect:
    """The dialect that an API's annotation names; raises KeyError for one that nobody speaks."""
    return _DIALECTS[api.dialect or api.type](api)
