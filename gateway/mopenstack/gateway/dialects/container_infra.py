"""Magnum's dialect.

Sources: magnum/api/controllers/root.py, v1/__init__.py, versions.py, v1/collection.py; magnum/api/middleware/
parsable_error.py and auth_token.py; wsme and pecan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any, ClassVar

from mopenstack.contract.calls import Page, RequestContext
from mopenstack.contract.faults import BadRequest, Fault, InvalidField, PolicyRefused
from mopenstack.contract.releases import service_word
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.gateway.dialects.base import INT32_MAX, Answer, Dialect, NotAcceptable, WrongVersion
from mopenstack.gateway.dialects.container_infra_fields import broken, limit_refusal, sentence
from mopenstack.gateway.dialects.shapes import TEXT, Schema, array, either, shape

PAGE_MAX = 1000
"""magnum.conf, [api] max_limit."""
SERVICE = "container-infrastructure-management"
WORDS = (SERVICE, "container-infrastructure", "container-infra")
"""What a client may call the service in its header; answers say the first."""
HELP = "http://docs.openstack.org/api-guide/compute/microversions.html"
DOCUMENTS = ("clustertemplates", "clusters", "quotas", "certificates", "mservices", "stats", "federations")
PUBLIC = frozenset({"", "/", "/v1", "/v1/"})
EVERY_VERB = ("DELETE", "GET", "PATCH", "POST")
VERBS: Mapping[str, tuple[str, ...]] = {
    "certificates": ("GET", "PATCH", "POST"),
    "mservices": ("GET",),
    "stats": ("GET",),
    "credentials": ("PATCH",),
    "actions": (),
}
"""A controller -> the verbs that it has methods for, where those are not all four."""
ACTION = re.compile(r"/clusters/[^/]+/actions/[^/]+/?\Z")
METHODS = (
    (re.compile(r"/nodegroups(/|\Z)"), "get_one"),
    (re.compile(r"/actions/resize\Z"), "resize"),
    (re.compile(r"/actions/upgrade\Z"), "upgrade"),
    (re.compile(""), "patch"),
)
"""Path -> the method that pecan asks for a version of, where the asked-for microversion has none."""


class BadVersionHeader(BadRequest):
    message = "{what} for OpenStack-API-Version header"


class ContainerInfraDialect(Dialect):
    statuses: ClassVar[Mapping[str, int]] = {"BadVersionHeader": 406, "WrongVersion": 406, "INTERNAL": 500}
    healthy = ("OK",)
    body_expected = True

    def route(self, path: str) -> str:
        """What does not begin with the version is looked for behind it."""
        return path if path in ("", "/", "/v1") or path.startswith("/v1/") else f"/v1{path}"

    # -- refusals

    def error(self, fault: Fault, context: RequestContext) -> Answer:
        if fault.code == "UNAUTHENTICATED":
            return self.unauthorized(context)
        if isinstance(fault, NotAcceptable):
            return self._not_acceptable(fault)
        status, text = self.status(fault), self.text(fault)
        if isinstance(fault, WrongVersion):
            return _refusal(406, "", HTTPStatus.NOT_ACCEPTABLE.phrase, _no_such_method(context))
        if isinstance(fault, BadVersionHeader):
            return _refusal(406, "", HTTPStatus.NOT_ACCEPTABLE.phrase, text)
        if isinstance(fault, InvalidField):
            failure = broken(fault, context)
            status, text = (500, failure) if failure else (status, sentence(fault, context))
        return _refusal(status, "client" if status < 500 else "server", text.split(".", 1)[0], text)

    def refusal_schema(self, status: int) -> Schema:
        entry = {"request_id": TEXT, "code": TEXT, "status": {"type": "integer"}, "title": TEXT, "detail": TEXT}
        usual = shape({"errors": array(shape({**entry, "links": array({})}))})
        if status != 406:
            return usual
        versions = {"max_version": TEXT, "min_version": TEXT, "code": TEXT, "title": TEXT, "description": TEXT}
        return either(usual, shape({"errors": array(shape({**versions, "links": array({})}))}))

    def refused(self, fault: PolicyRefused) -> str:
        return f"Policy doesn't allow {fault.rules[0]} to be performed."

    def _not_acceptable(self, fault: NotAcceptable) -> Answer:
        """A version that Magnum does not have: HTTPNotAcceptableAPIVersion."""
        version = fault.facts["version"]
        low, high = (f"{self._word} {one}" for one in (self.api.microversion_min, self.api.microversion_max))
        said = f"Version {version} was requested but the minor version is not supported by this service. "
        if version.partition(".")[0] != "1":
            said = (
                f"Mutually exclusive versions requested. Version {version} requested but not supported by this service."
            )
        error = {
            "code": "magnum.microversion-unsupported",
            "title": "Requested microversion is unsupported",
            "description": f"{said}The supported version range is: [{low}, {high}].",
            "max_version": self.api.microversion_max,
            "min_version": self.api.microversion_min,
            "links": [{"rel": "help", "href": HELP}],
        }
        return Answer.json(406, {"errors": [error]}, {**self._range(), **self._version(version)})

    def no_route(self, context: RequestContext) -> Answer:
        if ACTION.search(context.path):
            return self.wrong_verb(context, ())
        return _refusal(404, "", HTTPStatus.NOT_FOUND.phrase, "")

    def wrong_verb(self, context: RequestContext, allowed: Iterable[str]) -> Answer:
        answer = _refusal(405, "", HTTPStatus.METHOD_NOT_ALLOWED.phrase, "")
        parts = self.route(context.path).strip("/").split("/")
        controller = next((part for part in reversed(parts) if part in ("actions", "nodegroups")), parts[1:2] or "")
        name = controller if isinstance(controller, str) else controller[0]
        answer.headers["Allow"] = ", ".join(VERBS.get(name, EVERY_VERB))
        return answer

    def guarded(self, path: str) -> bool:
        return path not in PUBLIC

    # -- microversions

    @cached_property
    def _word(self) -> str:
        """What headers call the service."""
        return service_word(self.release, self.api.type) or SERVICE

    @property
    def _words(self) -> tuple[str, ...]:
        return WORDS if self._word == SERVICE else (self._word,)

    def _version(self, version: str) -> dict[str, str]:
        return {"OpenStack-API-Version": f"{self._word} {version}"}

    def microversion(self, headers: Mapping[str, str]) -> int:
        said = headers.get("OpenStack-API-Version", f"{self._word} {self.api.microversion_min}").split()
        if len(said) != 2 or (said[0] not in self._words and said[1].lower() != "latest"):
            raise BadVersionHeader(what="Invalid service type")
        if said[1].lower() == "latest":
            return self.maximum
        parts = said[1].split(".")
        if len(parts) != 2 or not all(part.isascii() and part.isdecimal() and len(part) < 10 for part in parts):
            raise BadVersionHeader(what="Invalid value")
        major, number = (int(part) for part in parts)
        if major != 1 or not self.minimum <= number <= self.maximum:
            raise NotAcceptable(
                version=f"{major}.{number}", minimum=self.api.microversion_min, maximum=self.api.microversion_max
            )
        return number

    def version_headers(self, microversion: int) -> dict[str, str]:
        return {**self._range(), **self._version(f"1.{microversion}"), "Vary": "OpenStack-API-Version"}

    def _range(self) -> dict[str, str]:
        return {
            "OpenStack-API-Minimum-Version": f"{self._word} {self.api.microversion_min}",
            "OpenStack-API-Maximum-Version": f"{self._word} {self.api.microversion_max}",
        }

    # -- lists

    def limit(self, value: str, key: str = "limit") -> int:
        try:
            number = int(value)
        except ValueError:
            raise BadRequest(limit_refusal(value, key)) from None
        if number <= 0:
            raise BadRequest("Limit must be positive")
        return min(number, INT32_MAX)

    def sorting(self, query: common.Query, keys: list[str], directions: list[str]) -> None:
        """By one column, and by the number of the row behind it, both in one direction."""
        direction = directions[-1] if directions else "asc"
        if direction not in ("asc", "desc"):
            raise BadRequest(f"Invalid sort direction: {direction}. Acceptable values are 'asc' or 'desc'")
        for key in dict.fromkeys([*keys[-1:], "id"]):
            query.sort.add(key=key, descending=direction == "desc")

    def page_links(self, key: str, page: Page, query: common.Query, context: RequestContext) -> dict[str, Any]:
        """A full page is taken for one that another follows."""
        limit = min(query.limit or PAGE_MAX, PAGE_MAX)
        if not page.items or len(page.items) < limit:
            return {}
        said = dict(context.pairs)
        last: Any = page.items[-1]
        marker = last.row if key == "quotas" else last.id
        where = self.route(context.path).rstrip("/")
        order = f"sort_key={said.get('sort_key', 'id')}&sort_dir={said.get('sort_dir', 'asc')}"
        return {"next": f"{context.api_url}{where}?{order}&limit={limit}&marker={marker}"}

    def page_schema(self, key: str) -> Mapping[str, Schema]:
        return {"next": TEXT}

    # -- version documents

    def document(self, path: str, context: RequestContext) -> Answer | None:
        if path in ("", "/"):
            return Answer.json(200, self._root(context.api_url))
        if path in ("/v1", "/v1/"):
            return Answer.json(200, _v1(context.api_url), self.version_headers(context.microversion))
        return None

    def _root(self, url: str) -> dict[str, Any]:
        version = {
            "id": "v1",
            "links": [{"href": f"{url}/v1/", "rel": "self"}],
            "status": "CURRENT",
            "max_version": self.api.microversion_max,
            "min_version": self.api.microversion_min,
        }
        return {
            "name": "OpenStack Magnum API",
            "description": "Magnum is an OpenStack project which aims to provide container cluster management.",
            "versions": [version],
        }


def _v1(url: str) -> dict[str, Any]:
    described = "http://docs.openstack.org/developer/magnum/dev/api-spec-v1.html"
    return {
        "id": "v1",
        "media_types": [{"base": "application/json", "type": "application/vnd.openstack.magnum.v1+json"}],
        "links": [
            {"href": f"{url}/v1/", "rel": "self"},
            {"href": described, "rel": "describedby", "type": "text/html"},
        ],
        **{name: _links(url, f"{name}/") for name in DOCUMENTS},
        "nodegroups": _links(url, "clusters/{cluster_id}/nodegroups"),
        "credentials": _links(url, "credentials/"),
    }


def _links(url: str, path: str) -> list[dict[str, str]]:
    return [{"href": f"{url}/v1/{path}", "rel": "self"}, {"href": f"{url}/{path}", "rel": "bookmark"}]


def _refusal(status: int, code: str, title: str, detail: str) -> Answer:
    """What ParsableErrorMiddleware makes of a refusal."""
    error = {"request_id": "", "code": code, "status": status, "title": title, "detail": detail, "links": []}
    return Answer.json(status, {"errors": [error]})


def _no_such_method(context: RequestContext) -> str:
    method = next(name for pattern, name in METHODS if pattern.search(context.path.rstrip("/")))
    version = f"1.{context.microversion}"
    return f"Version {version} was requested but the requested API {method} is not supported for this version."
