"""What every resource of Magnum shares: names beside ids, numbers of rows, lists, made-up names.

Sources: magnum/api/utils.py, magnum/db/sqlalchemy/api.py, magnum/common/name_generator.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from google.protobuf.message import Message

from mopenstack.container_infra.v1 import refusals
from mopenstack.contract.calls import Page
from mopenstack.contract.faults import Conflict, NotFound
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import ResourceServicer
from mopenstack.core.engine.validation import is_format

M = TypeVar("M", bound=Message)

SERVICE = "container_infra"
"""The Service's name: quotas are kept under it."""
PAGE_MAX = 1000
"""magnum.conf, [api] max_limit."""
LETTERS = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu"),
    *("nu", "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
)


def is_uuid(text: str) -> bool:
    """oslo_utils.uuidutils.is_uuid_like."""
    return is_format("uuid", text)


def made_up_name(call: Call, kind: str) -> str:
    """The name of what was given none: "zeta-22-cluster"."""
    return f"{LETTERS[call.ids.below(len(LETTERS))]}-{1 + call.ids.below(24)}-{kind}"


async def next_row(call: Call, kind: str) -> int:
    """The number of a new row of a table."""
    return await call.tx.add(f"container_infra/{kind}", 1)


def label_differences(
    parent: Mapping[str, str], labels: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """(overridden, added, skipped) of an object whose labels could be those of its parent (get_labels_diff)."""
    overridden = {name: parent[name] for name, value in labels.items() if name in parent and parent[name] != value}
    added = {name: value for name, value in labels.items() if name not in parent}
    skipped = {name: value for name, value in parent.items() if name not in labels}
    return overridden, added, skipped


def boot_volume_size(labels: Mapping[str, str]) -> int:
    """The label boot_volume_size, in GB; raises the refusal of one that is no number.

    Source: oslo_utils.strutils.validate_integer, which raises ValueError: it ends as a 500.
    """
    text = labels.get("boot_volume_size", "0")
    if text.lstrip("-").isdecimal() and text.isascii() and len(text) < 20:
        return int(text)
    raise refusals.ServiceBreaks(message="boot_volume_size must be an integer")


class Named(ResourceServicer[M]):
    """A resource that is found by its id, or by a name that one alone has.

    ambiguous   the refusal of a name that several have
    """

    page_max = PAGE_MAX
    stamps_update = False
    ambiguous: ClassVar[type[Conflict]]

    async def fetch(self, call: Call, id: str) -> M:
        return await self.named(call, id, everywhere=call.caller.is_admin)

    async def named(self, call: Call, ident: str, *, everywhere: bool) -> M:
        """The object of an id or name; `everywhere` of all projects, else of what the caller's project may use."""
        message: type[Any] = self.message
        if is_uuid(ident):
            obj = await call.tx.get(message, ident)
            found = [] if obj is None else [obj]
        else:
            found = list(await call.tx.query(message, name=ident)) if ident else []
        found = [obj for obj in found if everywhere or self.usable(call, obj)]
        if len(found) > 1:
            raise self.ambiguous()
        if not found:
            raise self.not_found(id=ident)
        return found[0]  # type: ignore[no-any-return]

    def usable(self, call: Call, obj: Any) -> bool:
        """Whether the caller's project may use an object, whatever an admin may see."""
        return bool(obj.project_id == call.caller.project_id)

    def visible(self, call: Call, obj: M) -> bool:
        return call.caller.is_admin or self.usable(call, obj)

    def missing_marker(self, marker: str) -> Exception:
        if not is_uuid(marker):
            return refusals.InvalidUuid(uuid=marker)
        return self.not_found(id=marker)

    def cut(self, found: Any, query: common.Query) -> Page:
        check_sort(self, query)
        return super().cut(found, query)

    async def list(self, call: Call, request: Any) -> Any:
        check_sort(self, request.query)
        return await super().list(call, request)


def check_sort(servicer: ResourceServicer[Any], query: common.Query) -> None:
    """Refuse a list by a column that there is none of; raises InvalidParameterValue."""
    for order in query.sort:
        if order.key not in servicer.listing.sortable():
            raise refusals.InvalidParameterValue(
                err=f'The sort_key value "{order.key}" is an invalid field for sorting'
            )


def absent(error: NotFound, ident: str) -> Exception:
    """The refusal of a request that names what is not there, without a word where it names nothing."""
    return type(error)(id=ident or "Unset")
