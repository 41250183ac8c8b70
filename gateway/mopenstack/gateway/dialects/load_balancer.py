"""Octavia's dialect. Sources: octavia/api/root_controller.py, octavia/api/common/pagination.py, wsme, pecan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from mopenstack.contract.calls import Page, RequestContext
from mopenstack.contract.faults import BadRequest, Fault, InvalidField, PolicyRefused
from mopenstack.contract.operations import Operation
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.dialects.base import Answer, Dialect
from mopenstack.gateway.dialects.load_balancer_fields import broken, lacks_envelope, sentence
from mopenstack.gateway.dialects.load_balancer_versions import VERSIONS
from mopenstack.gateway.dialects.shapes import TEXT, Schema, const, either, shape

PAGE_MAX = 1000
"""octavia.conf, [api_settings] pagination_max_limit."""
FORBIDDEN = "Policy does not allow this request to be performed."
_BEGINNINGS = re.compile(r"^/v2(?:\.0)?(?:/lbaas|(?=/(?!octavia\b)))?")
"""Octavia has each path under v2 and v2.0, and those of lbaas also without that word."""
_HEALTH = "/healthcheck"
_DOCUMENTS = frozenset({"/v2", "/v2.0", "/v2/lbaas", "/v2.0/lbaas", "/v2/octavia", "/v2.0/octavia"})
_OF_PECAN = frozenset({"PoolOfPathNotFound", "L7PolicyOfPathNotFound", "BadLimit", "BadDirection"})
"""Refusals that are raised outside of wsme's reach: pecan words them."""


class BadLimit(BadRequest):
    message = "Supplied pagination limit '{key}' is not valid."


class BadDirection(BadRequest):
    message = "Supplied sort direction '{key}' is not valid."


class LoadBalancerDialect(Dialect):
    reserved = frozenset({"limit", "marker", "sort_key", "sort_dir", "sort", "page_reverse", "fields", "project_id"})
    statuses: ClassVar[Mapping[str, int]] = {"RESOURCE_EXHAUSTED": 403}
    document_verbs = Dialect.document_verbs | {"POST", "PUT", "PATCH", "DELETE"}
    """pecan exposes the index of the root to every verb; the controllers below are REST's."""
    links_keys: ClassVar[Mapping[str, str]] = {
        "flavorprofiles": "flavorprofile",
        "availability_zone_profiles": "availability_zone_profile",
    }
    """Lists whose links are called after one of their objects."""

    def route(self, path: str) -> str:
        rest = _BEGINNINGS.sub("", path, count=1)
        if rest == path or not rest:
            return path
        return f"/v2{rest}" if rest.startswith("/octavia") else f"/v2/lbaas{rest}"

    # -- refusals

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        if fault.code == "UNAUTHENTICATED":
            return self.unauthorized(context)
        status = self.status(fault)
        if fault.reason in _OF_PECAN:
            return _of_pecan(status, fault.text, title=HTTPStatus.BAD_REQUEST.phrase)
        text = sentence(fault, context) if isinstance(fault, InvalidField) else self.text(fault)
        if isinstance(fault, InvalidField) and (failure := broken(fault, context)):
            status, text = 500, failure
        side = "Client" if status < 500 else "Server"
        return Answer.json(status, {"faultcode": side, "faultstring": text, "debuginfo": None})

    def refusal_schema(self, status: int) -> Schema:
        usual = shape({"faultcode": TEXT, "faultstring": TEXT, "debuginfo": {"type": "null"}})
        pecans = shape({"code": const(status), "title": TEXT, "description": {"type": ["string", "null"]}})
        return either(usual, pecans) if status in (400, 404) else usual

    def refused(self, fault: PolicyRefused) -> str:
        return FORBIDDEN

    def invalid(self, fault: InvalidField) -> str:
        return sentence(fault, None)

    def target_first(self, fault: Exception, operation: Operation) -> bool:
        """A body without its envelope is one, where the path names something, or the policy comes first.

        Only the controller asks the body for what it is about.
        """
        if not isinstance(fault, InvalidField) or not lacks_envelope(fault):
            return False
        return "{" in operation.routes[0].path or operation.options.policy.first

    def no_route(self, context: RequestContext) -> Answer:
        """Octavia has the path of the health check, and is not configured to answer it."""
        return _of_pecan(404, "" if context.path == _HEALTH else None)

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        return _of_pecan(404, None)

    def guarded(self, path: str) -> bool:
        return path not in ("", "/", _HEALTH)

    # -- lists

    def limit(self, value: str, key: str = "limit") -> int:
        try:
            return 0 if value == "infinite" else max(int(value), 0)
        except ValueError:
            raise BadLimit(key=value) from None

    def query(self, pairs: Iterable[tuple[str, str]], microversion: int) -> common.Query:
        """`sort` is `key:direction`, or sort_key and sort_dir by commas; the default direction is up."""
        pairs = list(pairs)
        query = super().query([pair for pair in pairs if not pair[0].startswith("sort")], microversion)
        said = dict(pairs)
        if "project_id" in said:
            query.filters.add(key="project_id", values=[said["project_id"]])
        for part in said["sort"].split(",") if said.get("sort") else ():
            name, _, direction = part.partition(":")
            query.sort.add(key=name, descending=_descends(direction or "asc"))
        if not said.get("sort") and said.get("sort_key"):
            directions = said["sort_dir"].split(",") if said.get("sort_dir") else []
            for place, name in enumerate(said["sort_key"].split(",")):
                query.sort.add(key=name, descending=_descends(directions[place] if place < len(directions) else "asc"))
        return query

    def page_links(self, key: str, page: Page, query: common.Query, context: RequestContext) -> dict[str, Any]:
        """A full page is taken for one that another follows, and one behind a marker has one before it."""
        ids: Sequence[str] = [_name_of(item) for item in page.items]
        links = []
        own = [f"{name}={value}" for name, value in context.pairs if name in ("sort", "sort_key") and value]
        unlimited = "limit" in dict(context.pairs) and not query.limit
        href = f"{context.api_url}{context.path}?" + "&".join(
            [f"limit={None if unlimited else query.limit or PAGE_MAX}", *own]
        )
        if ids and query.marker:
            links.append({"rel": "previous", "href": f"{href}&marker={ids[0]}&page_reverse=True"})
        if ids and (unlimited or len(ids) >= (query.limit or PAGE_MAX)):
            links.append({"rel": "next", "href": f"{href}&marker={ids[-1]}"})
        return {f"{self.links_key(key)}_links": links}

    def links_key(self, key: str) -> str:
        return self.links_keys.get(key, key)

    # -- version documents

    def document(self, path: str, context: RequestContext) -> Answer | None:
        if path in _DOCUMENTS and context.verb in Dialect.document_verbs:
            return Answer.json(200, "v2")
        if path != "":
            return None
        url = f"{context.api_url}/"
        versions = [
            {"id": id, "status": status, "updated": updated, "links": [{"href": f"{url}v2", "rel": "self"}]}
            for id, status, updated in VERSIONS
        ]
        return Answer.json(200, {"versions": versions})

    def document_needs_token(self, path: str) -> bool:
        return path != ""


def _of_pecan(status: int, description: str | None, title: str = "") -> Answer:
    """What octavia.api.common.utils.json_error_formatter makes of a refusal."""
    document = {"code": status, "title": title or HTTPStatus(status).phrase, "description": description}
    return Answer.json(status, document)


def _descends(direction: str) -> bool:
    if direction.lower() not in ("asc", "desc"):
        raise BadDirection(key=direction.lower())
    return direction.lower() == "desc"


def _name_of(item: Any) -> str:
    return str(getattr(item, "id", "") or getattr(item, "name", ""))
