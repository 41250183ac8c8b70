"""What every resource of Octavia has in common: projects, lists, filters (octavia/api/v2/controllers/base.py)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, TypeVar, cast

from google.protobuf.message import Message

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import TAG_FILTERS, Listing, fold_of, folded
from mopenstack.core.engine.policy import check_in
from mopenstack.core.engine.servicer import ResourceServicer, Result
from mopenstack.core.store.kinds import resource_options
from mopenstack.load_balancer.v2 import refusals
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer

M = TypeVar("M", bound=Message)

PACKAGE = "mopenstack.load_balancer.v2"
READS_ALL = check_in(PACKAGE, "rule:load-balancer:read-global")
READS = check_in(PACKAGE, "rule:load-balancer:read")

COLUMNS = (
    ("load_balancer_id", "loadbalancer_id"),
    ("enabled", "admin_state_up"),
    ("ip_address", "address"),
    ("rise_threshold", "max_retries"),
    ("fall_threshold", "max_retries_down"),
    ("tls_certificate_id", "default_tls_container_ref"),
    ("tls_certificate_id", "tls_container_ref"),
    ("client_ca_tls_certificate_id", "client_ca_tls_container_ref"),
    ("client_crl_container_id", "client_crl_container_ref"),
    ("ca_tls_certificate_id", "ca_tls_container_ref"),
    ("crl_container_id", "crl_container_ref"),
)
"""Octavia's names of columns, by which it filters as by those of its API: octavia/common/data_models.py."""


class OctaviaListing(Listing):
    """A list is also filtered by the names of columns and by what the path names, so that clients may repeat it.

    The operating status is worked out when an object is shown: no stored field answers a filter by it.
    """

    def __init__(self, message: type[Message]) -> None:
        super().__init__(message)
        self._filters.pop("operating_status", None)
        for column, name in COLUMNS:
            if name in self._filters:
                self._filters[column] = self._filters[name]
        parent = resource_options(message).parent
        if parent:
            self._filters[parent] = message.DESCRIPTOR.fields_by_name[parent]


class OctaviaResource(ResourceServicer[M]):
    """A stored resource of Octavia: everybody may know of it, lists have those of the caller's project."""

    page_max = 1000  # octavia.conf, [api_settings] pagination_max_limit
    stamps_update = False
    holds: ClassVar[frozenset[str]] = frozenset()
    """What the objects hold many of, by the names of the API: no list is filtered by them."""

    def listing_of(self, message: type[Message]) -> Listing:
        return OctaviaListing(message)

    async def candidates(self, call: Call, query: common.Query) -> Iterable[M]:
        """The objects of the caller's project, or of the one that the query names; all of them for an admin."""
        if "project_id" not in self.fields:
            return await super().candidates(call, query)
        project_id = asked_project(query)
        if not call.caller.is_internal and not READS_ALL(call.caller, None):
            project_id = project_id or call.caller.project_id
            if not project_id or not READS(call.caller, LoadBalancer(project_id=project_id)):
                raise refusals.PolicyForbidden()
        if not project_id:
            return await super().candidates(call, query)
        message: type[Any] = self.message
        return cast("Sequence[M]", await call.tx.query(message, project_id=project_id))

    async def matches(self, call: Call, obj: M, key: str, values: Sequence[str]) -> bool:
        if key == "operating_status" and key in self.fields:
            shown: Any = await self.view(call, obj)
            words = self.fields[key].enum_type.values_by_number  # type: ignore[union-attr]
            return words[shown.operating_status].name in {value.upper() for value in values}
        if "tags" not in self.fields or key not in TAG_FILTERS:
            raise refusals.InvalidFilterArgument()
        fold = fold_of(call.cloud)
        asked = [word for value in values for word in value.split(",")]
        tags: Iterable[str] = obj.tags  # type: ignore[attr-defined]
        return TAG_FILTERS[key](folded(tags, fold), folded(asked, fold))

    async def filtered(self, call: Call, found: Sequence[M], query: common.Query) -> list[M]:
        for item in query.filters:
            if item.key in TAG_FILTERS and "tags" in self.fields:
                continue
            if item.key == "operating_status" and item.key in self.fields:
                continue
            if item.key in self.holds:
                raise refusals.FilterByCollection()
            if not self.listing.filterable(item.key):
                raise refusals.InvalidFilterArgument()  # also of an empty list
        return await super().filtered(call, found, query)

    async def list(self, call: Call, request: Any) -> Result:
        unknown = [item.key for item in request.query.sort if item.key not in self.listing.sortable()]
        if unknown:
            raise refusals.InvalidSortKey(key=unknown[0])
        return await super().list(call, request)

    def missing_marker(self, marker: str) -> Exception:
        return refusals.InvalidMarker(key=marker)


def asked_project(query: common.Query) -> str:
    """The project that a list is filtered by; empty: none."""
    for item in query.filters:
        if item.key in ("project_id", "tenant_id") and item.values:
            return item.values[-1]
    return ""


async def below(call: Call, message: type[M], **index: str) -> list[M]:
    """The objects that an index finds, the oldest first."""
    found: Any = await call.tx.query(message, **index)
    return sorted(found, key=lambda obj: (obj.created_at.seconds, obj.created_at.nanos, obj.id))
