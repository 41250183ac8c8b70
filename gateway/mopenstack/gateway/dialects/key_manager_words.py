"""How Barbican calls its operations and the schemas of their bodies, in the texts of its refusals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

IN_ORDER = "Secret' within 'Order"
NO_UPDATE = "Order update is not supported."
DRAFT_3 = frozenset({"SecretMetadata", "SecretMetadatum", "Order"})
"""The schemas in which a missing property is the property's own fault."""
PAYLOAD = re.compile(r"/v1/secrets/[^/]+/?")
WRITE_JSON = re.compile(r"/v1/(containers(/[^/]+)?|secrets/[^/]+/(payload|metadata/.+))/?")
"""The paths whose handlers write JSON whatever the method."""
_PAGED = re.compile(r"/v1/((?:secrets|containers)/[^/]+/consumers|[^/]+)/?")

_OPERATIONS: Sequence[tuple[str, str, Mapping[str, str]]] = (
    ("secrets", "Secret", {"GET": "Secret(s) retrieval", "POST": "Secret creation"}),
    ("secrets/*", "Secret", {"GET": "Secret retrieval", "PUT": "Secret update", "DELETE": "Secret deletion"}),
    ("secrets/*/payload", "Secret", {"": "Secret payload retrieval"}),
    (
        "secrets/*/metadata",
        "SecretMetadata",
        {
            "GET": "Secret metadata retrieval",
            "PUT": "Secret metadata creation",
            "POST": "Secret metadatum creation",
        },
    ),
    (
        "secrets/*/metadata/*",
        "SecretMetadatum",
        {
            "GET": "Secret metadatum retrieval",
            "PUT": "Secret metadatum update",
            "DELETE": "Secret metadatum removal",
        },
    ),
    (
        "secrets/*/acl",
        "ACL",
        {"GET": "SecretACL(s) retrieval", "DELETE": "SecretACL(s) deletion", "": "SecretACL(s) Update"},
    ),
    (
        "secrets/*/consumers",
        "Secret Consumer",
        {
            "GET": "SecretConsumers(s) retrieval",
            "POST": "SecretConsumer creation",
            "DELETE": "SecretConsumer deletion",
        },
    ),
    ("secrets/*/consumers/*", "Secret Consumer", {"": "SecretConsumer retrieval"}),
    ("containers", "Container", {"GET": "Containers(s) retrieval", "POST": "Container creation"}),
    ("containers/*", "Container", {"GET": "Container retrieval", "DELETE": "Container deletion"}),
    (
        "containers/*/secrets",
        "ContainerSecret",
        {"POST": "Container Secret creation", "DELETE": "Container Secret deletion"},
    ),
    (
        "containers/*/acl",
        "ACL",
        {"GET": "ContainerACL(s) retrieval", "DELETE": "ContainerACL(s) deletion", "": "ContainerACL(s) Update"},
    ),
    (
        "containers/*/consumers",
        "Consumer",
        {
            "GET": "ContainerConsumers(s) retrieval",
            "POST": "ContainerConsumer creation",
            "DELETE": "ContainerConsumer deletion",
        },
    ),
    ("containers/*/consumers/*", "Consumer", {"": "ContainerConsumer retrieval"}),
    ("orders", "Order", {"GET": "Order(s) retrieval", "POST": "Order creation", "PUT": "Order update"}),
    ("orders/*", "Order", {"GET": "Order retrieval", "DELETE": "Order deletion"}),
    ("quotas", "Quotas", {"": "Quotas"}),
    ("project-quotas", "Project Quota", {"": "Project Quotas"}),
    ("project-quotas/*", "Project Quota", {"": "Project Quotas"}),
    ("secret-stores", "", {"": "List available secret stores"}),
    ("secret-stores/global-default", "", {"": "Retrieve global default secret store"}),
    ("secret-stores/preferred", "", {"": "Retrieve project preferred store"}),
    ("secret-stores/*", "", {"": "Secret store retrieval"}),
    (
        "secret-stores/*/preferred",
        "",
        {"POST": "Setting preferred secret store", "DELETE": "Removing preferred secret store"},
    ),
    (
        "transport_keys",
        "Transport Key",
        {"GET": "Transport Key(s) retrieval", "POST": "Transport Key Creation"},
    ),
    ("transport_keys/*", "Transport Key", {"GET": "Transport Key retrieval", "DELETE": "Transport Key deletion"}),
)
"""(path behind /v1/, name of the schema of a body, verb -> name of the operation; "": of every other verb)"""
_COMPILED = [(re.compile(path.replace("*", "[^/]+")), schema, labels) for path, schema, labels in _OPERATIONS]
_JSON_DELETES = re.compile(r"/v1/(secrets|containers)/[^/]+/consumers/?")


def of(verb: str, path: str) -> tuple[str, str]:
    """(name of the operation, name of the schema of its body)."""
    rest = path.removeprefix("/v1/").rstrip("/")
    for pattern, schema, labels in _COMPILED:
        if pattern.fullmatch(rest):
            if verb == "POST" and schema == "SecretMetadata":
                schema = "SecretMetadatum"
            return labels.get(verb) or labels.get("", "System"), schema
    return "System", ""


def takes_json(verb: str, path: str) -> bool:
    """Whether a body must say that it is JSON."""
    if verb == "DELETE":
        return _JSON_DELETES.fullmatch(path) is not None
    if path.startswith("/v1/secret-stores"):
        return False
    return verb in ("POST", "PATCH") or (verb == "PUT" and PAYLOAD.fullmatch(path) is None)


def pages(path: str) -> str:
    """What the addresses of pages name a list by."""
    found = _PAGED.fullmatch(path)
    return found[1].replace("project-quotas", "project_quotas") if found is not None else path
