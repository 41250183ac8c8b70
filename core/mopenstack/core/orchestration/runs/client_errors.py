"""How a refusal of another service reads where Heat tells of it: as the Python client of that service writes it.

Sources: neutronclient/common/exceptions.py, novaclient/exceptions.py, cinderclient/exceptions.py, keystoneauth1,
glanceclient/exc.py, mistralclient/api/base.py, heat/engine/clients.
"""

from __future__ import annotations

import ast
from contextlib import suppress

from mopenstack.contract.faults import Fault, InvalidField, NotServed, PolicyRefused
from mopenstack.core.orchestration.failures import ValidationFailed, place
from mopenstack.core.orchestration.resource_types.base import Missing, ResourceFailure

STATUSES = {
    "INVALID_ARGUMENT": 400, "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403, "NOT_FOUND": 404,
    "FAILED_PRECONDITION": 409, "ALREADY_EXISTS": 409, "ABORTED": 409, "RESOURCE_EXHAUSTED": 413,
    "UNAVAILABLE": 503, "INTERNAL": 500, "UNIMPLEMENTED": 501,
}  # fmt: skip
_WORDS = {
    400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 413: "OverLimit",
    500: "InternalServerError", 501: "HTTPNotImplemented", 503: "ServiceUnavailable",
}  # fmt: skip
_NEUTRON = frozenset({
    "NetworkNotFound", "PortNotFound", "StateInvalid", "NetworkInUse", "PortInUse", "IpAddressInUse",
    "IpAddressAlreadyAllocated", "InvalidIpForNetwork", "InvalidIpForSubnet", "OverQuota",
    "IpAddressGenerationFailure", "MacAddressInUse", "HostNotCompatibleWithFixedIps", "ExternalIpAddressExhausted",
})  # fmt: skip


class Failed(Exception):
    """A resource's action failed. `kind` is the name of the exception, `path` the place below the resource."""

    def __init__(self, text: str, kind: str = "", path: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.text, self.kind, self.path = text, kind, path

    def reason(self, section: str, name: str) -> str:
        """The resource's status reason: `ValueError: resources.a: Test Resource failed a`."""
        where = place([section, name, *self.path])
        return f"{self.kind + ': ' if self.kind else ''}{where}: {self.text}"


def failed_by(error: Exception, request_id: str) -> Failed:
    """What went wrong, as Heat tells it."""
    if isinstance(error, Failed):
        return error
    if isinstance(error, ResourceFailure):
        return Failed(error.text, error.kind)
    if isinstance(error, ValidationFailed):
        return Failed(error.text, "StackValidationFailed")
    if isinstance(error, Missing):
        return Failed(str(error) or "The resource was not found.", "NotFound")
    if isinstance(error, Fault):
        return _of_client(error, request_id)
    text = str(error)
    if isinstance(error, KeyError):
        with suppress(ValueError, SyntaxError):
            text = str(ast.literal_eval(text))
    return Failed(text, type(error).__name__)


def of_child(status_reason: str, action: str) -> Failed:
    """What a nested stack failed with. Source: ResourceFailure._from_status_reason."""
    if f"Resource {action} failed: " not in status_reason:
        return Failed(status_reason)
    parts = [part.strip() for part in status_reason.split(":")]
    if len(parts) < 4:
        return Failed(status_reason)
    return Failed(": ".join(parts[3:]), parts[1], tuple(parts[2].split(".")))


def status_of(fault: Fault) -> int:
    """The HTTP status of a refusal, as most services have it."""
    if "volume" in fault.domain and fault.code == "RESOURCE_EXHAUSTED":
        return 413
    return STATUSES.get(fault.code, 500)


def _of_client(fault: Fault, request_id: str) -> Failed:
    domain, status, text = fault.domain, status_of(fault), _text(fault)
    if isinstance(fault, NotServed):
        return Failed(text, "EndpointNotFound")
    if domain.startswith("mopenstack.network"):
        known = fault.reason in _NEUTRON
        kind = f"{fault.reason}Client" if known else _WORDS.get(status, "NeutronClientException")
        return Failed(f"{text}\nNeutron server returns request_ids: ['{request_id}']", kind)
    if domain.startswith("mopenstack.image"):
        return Failed(f"HTTP {status} {_title(status)}: {text}", f"HTTP{_WORDS.get(status, 'Exception')}")
    if domain.startswith("mopenstack.workflow"):
        return Failed(text, "APIException")
    if domain.startswith("mopenstack.orchestration"):
        return Failed(text, fault.reason)
    return Failed(f"{text} (HTTP {status}) (Request-ID: {request_id})", _WORDS.get(status, "ClientException"))


def _text(fault: Fault) -> str:
    if isinstance(fault, PolicyRefused) and not fault.text:
        return f"Policy doesn't allow {fault.rules[0]} to be performed."
    if isinstance(fault, InvalidField):
        return fault.text
    return fault.text


def _title(status: int) -> str:
    from http import HTTPStatus

    return HTTPStatus(status).phrase
