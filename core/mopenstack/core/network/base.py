"""What every Neutron resource has in common: projects, tags, lists (neutron.api.v2.base, neutron.db.standard_attr)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.contract.values import whole_number
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller
from mopenstack.core.engine.fields import envelope
from mopenstack.core.engine.listing import TAG_FILTERS, Listing, fold_of, folded
from mopenstack.core.engine.options import switch
from mopenstack.core.engine.servicer import ResourceServicer, Result
from mopenstack.network.v2.refusals import (
    BadResourceRequest,
    HttpBadRequest,
    HttpNotFound,
    InvalidInput,
    PolicyRemoveAuthorizationError,
    RevisionNumberConstraintFailed,
)

M = TypeVar("M", bound=Message)

FOREIGN_PROJECT = (
    "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request "
    "is not allowed for current user."
)

NO_PROJECT = "Running without keystone AuthN requires that project_id is specified"
"""neutron_lib.api.attributes.populate_project_id, of a token of the system or of a domain."""


def sees_all(caller: Caller) -> bool:
    """The policy rule `project_admin`: an admin with a token of a project, or the cloud itself."""
    return caller.is_admin and (caller.scope == "project" or caller.is_internal)


def invalid(attribute: str, why: str) -> HttpBadRequest:
    """What a validator of neutron_lib.api.validators says of an attribute's value."""
    return HttpBadRequest(f"Invalid input for {attribute}. Reason: {why}.")


def bad_input(why: str) -> InvalidInput:
    """neutron_lib.exceptions.InvalidInput with its message."""
    return InvalidInput(error_message=why)


def asked_project(query: common.Query) -> str:
    """The project that a list is filtered by; empty: none."""
    for item in query.filters:
        if item.key in ("project_id", "tenant_id") and item.values:
            return item.values[0]
    return ""


FILTER_VALIDATION = switch(
    "network.filter_validation",
    True,
    "Whether a list's filter that its resource does not have is refused (neutron.conf, filter_validation); else it is "
    "ignored.",
)
_WITHOUT_FILTER_VALIDATION = frozenset({"bgp", "bgpvpn", "fwaas", "sfc", "taas", "vpn"})
"""Folders of services whose plugins, of other projects than Neutron, do not claim it."""


class NeutronListing(Listing):
    """Filters by tags are Neutron's own (all of them, any, none): no field answers them, however it is declared."""

    def __init__(self, message: type[Message]) -> None:
        super().__init__(message)
        self._filters.pop("tags", None)
        self._indexes.pop("tags", None)


class NeutronResource(ResourceServicer[M]):
    """A stored resource of Neutron: no page limit, tag filters, creates for another project by admins only."""

    page_max = None
    seen_by: ClassVar[str] = ""
    """Where a reader is not enough: the role that lists a project's objects; for those without it there are none."""

    filters: ClassVar[frozenset[str]] = frozenset()
    """Filters of lists that `matches` or `tests` answers, beside those of fields."""

    def listing_of(self, message: type[Message]) -> Listing:
        return NeutronListing(message)

    async def before(self, call: Call, request: Any) -> None:
        if call.operation is None or call.operation.kind_of_write != "create":
            return
        body, _ = envelope(request)
        asked = getattr(body, "project_id", "")
        if asked and asked != call.caller.project_id and not call.caller.is_admin:
            raise HttpBadRequest(FOREIGN_PROJECT)
        if (
            not asked
            and call.caller.token
            and not call.caller.project_id
            and "project_id" in body.DESCRIPTOR.fields_by_name
        ):
            raise HttpBadRequest(NO_PROJECT)

    async def refusal(self, call: Call, request: Any, rules: Sequence[str]) -> Exception:
        """What a caller may not see is not found (neutron.pecan_wsgi.hooks.policy_enforcement)."""
        shows = call.operation is not None and call.operation.method == f"Get{self.message.__name__}"
        if shows and isinstance(call.target, self.message):
            return self.not_found(id=call.target.id)  # type: ignore[attr-defined]
        return await super().refusal(call, request, rules)

    async def tests(self, call: Call, query: common.Query) -> Sequence[Callable[[M], bool]]:
        shown = not self.seen_by or self.seen_by in call.caller.roles or sees_all(call.caller)
        return () if shown else [lambda obj: False]

    async def create(self, call: Call, request: Any) -> Result:
        if not getattr(request, "bulk", ()):
            return await super().create(call, request)
        assert call.operation is not None
        answer = call.operation.response()
        shown = getattr(answer, next(field.name for field in answer.DESCRIPTOR.fields if field.is_repeated))
        for part in request.bulk:
            await call.admit(part)
            shown.append(await super().create(call, part))
        return answer

    async def update(self, call: Call, request: Any) -> Result:
        _check_revision(request, call.target)
        return await super().update(call, request)

    async def delete(self, call: Call, request: Any) -> Result:
        _check_revision(request, call.target)
        return await super().delete(call, request)

    async def find(self, call: Call, id: str) -> M | None:
        # A path may end with the format of the answer, of which there is one.
        if id.endswith(".xml"):
            raise HttpNotFound()
        return await super().find(call, id)

    def missing_marker(self, marker: str) -> Exception:
        return self.not_found(id=marker)

    async def list(self, call: Call, request: Any) -> Result:
        # neutron.api.api_common.get_sorts
        unknown = [item.key for item in request.query.sort if item.key not in self.listing.sortable()]
        if unknown:
            raise HttpBadRequest(f"{unknown} is invalid attribute for sort_keys")
        if call.cloud.enabled(FILTER_VALIDATION):
            self._check_filters(request.query)
        if not request.query.limit:
            request.query.marker = ""  # neutron.db._utils.get_marker_obj: a marker is looked at where there is a limit
        return await super().list(call, request)

    def _check_filters(self, query: common.Query) -> None:
        """Source: get_filters_from_dict of neutron.api.api_common."""
        if type(self).__module__.split(".")[3] in _WITHOUT_FILTER_VALIDATION:
            return
        known = set(self.filters)
        if "tags" in self.fields:
            known |= TAG_FILTERS.keys()
        if "updated_at" in self.fields:
            known.add("changed_since")
        unknown = [
            item.key for item in query.filters if item.key not in known and not self.listing.filterable(item.key)
        ]
        if unknown:
            raise HttpBadRequest(f"{unknown} is invalid attribute for filtering")

    async def matches(self, call: Call, obj: M, key: str, values: Sequence[str]) -> bool:
        if key == "changed_since" and "updated_at" in self.fields:
            return bool(obj.updated_at.ToDatetime(UTC) >= _changed_since(values[0]))  # type: ignore[attr-defined]
        if "tags" not in self.fields:
            return True
        test, fold = TAG_FILTERS.get(key), fold_of(call.cloud)
        asked = [word for value in values for word in value.split(",")]
        return test is None or test(folded(obj.tags, fold), folded(asked, fold))  # type: ignore[attr-defined]


def nested_nulls(request: Any, name: str) -> set[str]:
    """The keys that a request gave as null inside of an object: they clear, where absent ones keep."""
    mask = getattr(request, "mask", None)
    paths = mask.paths if mask is not None else ()
    return {path.removeprefix(f"{name}.") for path in paths if path.startswith(f"{name}.")}


def _check_revision(request: Any, obj: Any) -> None:
    """What a client asks for with `If-Match: revision_number=3` (neutron.services.revisions)."""
    name, _, value = getattr(request, "if_match", "").strip('"').partition("=")
    if name != "revision_number":
        return
    if not value.isdecimal():
        raise BadResourceRequest(
            resource="if-match", msg="Revision number etag must be in the format of revision_number=<int>"
        )
    if whole_number(value) != obj.revision_number:
        raise RevisionNumberConstraintFailed(expected=value, current=obj.revision_number)


def _changed_since(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise bad_input("The input changed_since must be in the following format: YYYY-MM-DDTHH:MM:SSZ") from None


def standard_attr_id(id: str) -> int:
    """The number of the database row with an object's description and times: any number that stays the same."""
    return int(id[:6], 16) + 1


async def check_qos_change(call: Call, old: Any, new: Any, given: set[str]) -> None:
    """The rules of an update: also of the policy that goes (neutron.core_extensions.qos)."""
    if "qos_policy_id" not in given:
        return
    owner = call.owner_of("qos_policy")
    if old.qos_policy_id and owner is not None:
        policy = await owner.find(call, old.qos_policy_id)
        if policy is not None and not owner.visible(call, policy):
            raise PolicyRemoveAuthorizationError(policy_id=policy.id)
    await check_qos_policy(call, new)


async def check_qos_policy(call: Call, obj: Any) -> None:
    """Refuse a `qos_policy_id` that the caller cannot see."""
    owner = call.owner_of("qos_policy")
    if obj.qos_policy_id and owner is not None:
        await owner.fetch(call, obj.qos_policy_id)
