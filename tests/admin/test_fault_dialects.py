"""The error of a fault is the service's own: envelope, words and headers of each status, as real services have them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.test_faults import RULES, add
from tests.conftest import Cloud, User

PLACES = {
    "compute": "/v2.1/servers",
    "network": "/v2.0/networks",
    "volume": "/v3/{project}/volumes",
    "image": "/v2/images",
    "identity": "/v3/projects",
    "placement": "/resource_providers",
    "object-store": "/v1/AUTH_{project}",
    "dns": "/v2/zones",
    "load-balancer": "/v2/lbaas/loadbalancers",
    "key-manager": "/v1/secrets",
}
NOVA_500 = (
    "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if "
    "possible.\n<class 'oslo_messaging.exceptions.MessagingTimeout'>"
)
AGAIN_LATER = "The server is currently unavailable. Please try again at a later time."
TOO_MANY = "The client has sent too many requests in a given amount of time"
TOO_LARGE = "The body of your request was too large for this server."
BROKEN = "The server has either erred or is incapable of performing the requested operation."
CASES: list[tuple[str, dict[str, Any], Any]] = [
    ("compute", {"status": 500}, {"computeFault": {"code": 500, "message": NOVA_500}}),
    ("compute", {"status": 503}, {"serviceUnavailable": {"code": 503, "message": AGAIN_LATER}}),
    ("compute", {"status": 504, "message": "m"}, {"computeFault": {"code": 504, "message": "m"}}),
    ("compute", {"status": 409, "message": "m"}, {"conflictingRequest": {"code": 409, "message": "m"}}),
    (
        "compute",
        {"status": 413, "message": "m", "retry_after": 3},
        {"overLimit": {"code": 413, "message": "m", "retryAfter": "3"}},
    ),
    (
        "compute",
        {"status": 429, "message": "m", "retry_after": 7},
        {"overLimit": {"code": 429, "message": "m", "retryAfter": "7"}},
    ),
    ("compute", {"status": 429, "message": "m"}, {"overLimit": {"code": 429, "message": "m"}}),
    ("volume", {"status": 500}, {"computeFault": {"code": 500, "message": BROKEN}}),
    ("volume", {"status": 413, "message": "m"}, {"overLimit": {"code": 413, "message": "m", "retryAfter": "0"}}),
    ("volume", {"status": 429, "message": "m", "retry_after": 7}, {"computeFault": {"code": 429, "message": "m"}}),
    (
        "volume",
        {"status": 413, "reason": "OverLimitFault", "message": "m", "retry_after": 9},
        {"overLimitFault": {"code": 413, "message": "This request was rate-limited.", "details": "m"}},
    ),
    (
        "network",
        {"status": 500},
        {
            "NeutronError": {
                "type": "HTTPInternalServerError",
                "message": "Request Failed: internal server error while processing your request.",
                "detail": "",
            }
        },
    ),
    (
        "network",
        {"status": 409, "reason": "OverQuota", "message": "Quota exceeded for resources: ['network']."},
        {
            "NeutronError": {
                "type": "OverQuota",
                "message": "Quota exceeded for resources: ['network'].",
                "detail": "",
            }
        },
    ),
    ("network", {"status": 429}, {"NeutronError": {"type": "HTTPTooManyRequests", "message": TOO_MANY, "detail": ""}}),
    (
        "network",
        {"status": 413},
        {"NeutronError": {"type": "HTTPRequestEntityTooLarge", "message": TOO_LARGE, "detail": ""}},
    ),
    (
        "identity",
        {"status": 500},
        {
            "error": {
                "code": 500,
                "message": "An unexpected error prevented the server from fulfilling your request.",
                "title": "Internal Server Error",
            }
        },
    ),
    ("identity", {"status": 429}, {"error": {"code": 429, "message": TOO_MANY, "title": "Too Many Requests"}}),
    ("identity", {"status": 403, "message": "m"}, {"error": {"code": 403, "message": "m", "title": "Forbidden"}}),
    (
        "image",
        {"status": 413, "message": "full"},
        {
            "message": "full<br /><br />\n\n\n",
            "code": "413 Request Entity Too Large",
            "title": "Request Entity Too Large",
        },
    ),
    ("dns", {"status": 413, "message": "Quota exceeded for zones."}, {"code": 413, "type": "over_quota"}),
    ("dns", {"status": 504}, {"code": 504, "type": "timeout"}),
    ("dns", {"status": 500}, {"code": 500, "type": "unknown"}),
    ("dns", {"status": 409, "reason": "duplicate_zone"}, {"code": 409, "type": "duplicate_zone"}),
    ("load-balancer", {"status": 409, "message": "m"}, {"faultcode": "Client", "faultstring": "m", "debuginfo": None}),
    ("load-balancer", {"status": 500, "message": "m"}, {"faultcode": "Server", "faultstring": "m", "debuginfo": None}),
    (
        "key-manager",
        {"status": 500},
        {
            "code": 500,
            "title": "Internal Server Error",
            "description": "Secret(s) retrieval failure seen - please contact site administrator.",
        },
    ),
    (
        "key-manager",
        {"status": 403, "message": "m"},
        {"code": 403, "title": "Forbidden", "description": "m"},
    ),
    ("placement", {"status": 503}, {"errors": [{"status": 503, "title": "Service Unavailable"}]}),
    (
        "placement",
        {"status": 409, "message": "m", "reason": "placement.concurrent_update"},
        {"errors": [{"status": 409, "title": "Conflict"}]},
    ),
    ("object-store", {"status": 503}, f"<html><h1>Service Unavailable</h1><p>{AGAIN_LATER}</p></html>"),
    ("object-store", {"status": 498}, "Slow down"),
    ("object-store", {"status": 500}, f"<html><h1>Internal Error</h1><p>{BROKEN}</p></html>"),
    (
        "object-store",
        {"status": 507},
        "<html><h1>Insufficient Storage</h1><p>There was not enough space to save the resource</p></html>",
    ),
]


def _holds(found: Any, wanted: Any) -> bool:
    """Whether an answer has all that is wanted of it; Designate and Placement add the request's id."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(key in found and _holds(found[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(_holds, found, wanted))
    return bool(found == wanted)


@pytest.mark.parametrize(("service", "rule", "body"), CASES, ids=[f"{case[0]} {case[1]}"[:80] for case in CASES])
async def test_the_services_own_words(service: str, rule: dict[str, Any], body: Any, cloud: Cloud, admin: User) -> None:
    id = await add(cloud, service=service, times=1, **rule)
    path = PLACES[service].format(project=admin.project_id)
    answer = await admin.get(service, path)
    assert answer.status == rule["status"], answer.body
    assert _holds(answer.body, body), answer.body
    assert answer.headers[RULES] == id
    if "retry_after" in rule:
        assert answer.headers["Retry-After"] == str(rule["retry_after"])
    (await admin.get(service, path)).ok()


@pytest.mark.parametrize("service", sorted(PLACES))
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 429, 500, 501, 502, 503, 504])
async def test_every_status_of_every_service(service: str, status: int, cloud: Cloud, admin: User) -> None:
    """The status that was asked for, with the text in the body, and Retry-After."""
    await add(cloud, service=service, status=status, retry_after=5, message="As it was asked for.")
    answer = await admin.get(service, PLACES[service].format(project=admin.project_id))
    answer.refused(status)
    assert answer.headers["Retry-After"] == "5"
    assert answer.content
    if status != 401:  # what keystonemiddleware says is always the same
        assert "As it was asked for." in str(answer.body)


@pytest.mark.parametrize(
    ("status", "title", "text"),
    [
        (502, "Bad Gateway", "The server returned an invalid or incomplete response."),
        (503, "Service Unavailable", "No server is available to handle this request."),
        (504, "Gateway Time-out", "The server didn't respond in time."),
        (429, "Too Many Requests", "You have sent too many requests in a given amount of time."),
    ],
)
async def test_the_page_of_a_proxy(status: int, title: str, text: str, cloud: Cloud, demo: User) -> None:
    """HTML, whatever the client takes: what stands before a service knows nothing of it."""
    await add(cloud, service="compute", status=status, proxy=True)
    answer = await demo.get("compute", "/v2.1/servers")
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.body == f"<html><body><h1>{status} {title}</h1>\n{text}\n</body></html>\n"
