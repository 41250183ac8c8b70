"""In whose name a stack's resources are made, long after the request that made it: its user, without the token.

Heat keeps a trust of the user for this; here the roles that the user had are kept with the stack.
"""

from __future__ import annotations

import json
from dataclasses import fields

from mopenstack.contract.calls import RequestContext
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack

_KEPT = (
    "user_id", "user_name", "user_domain_id", "project_id", "project_name", "project_domain_id", "domain_id",
    "domain_name", "system",
)  # fmt: skip


def noted(call: Call) -> str:
    """The caller, and how the cloud was reached, as a text that a stack keeps."""
    found = {name: getattr(call.caller, name) for name in _KEPT if getattr(call.caller, name)}
    return json.dumps(found | {"roles": sorted(call.caller.roles), "url": call.context.cloud_url})


def as_owner(call: Call, stack: Stack) -> Call:
    """A call in the name of a stack's user, in the same transaction."""
    known = json.loads(stack.on_behalf) if stack.on_behalf else {}
    names = {field.name for field in fields(Caller)}
    caller = Caller(
        **{name: value for name, value in known.items() if name in names and name != "roles"},
        roles=frozenset(known.get("roles", ())),
        token=f"stack {stack.id}",
    )
    url = known.get("url", call.context.cloud_url)
    context = RequestContext(cloud=call.context.cloud, cloud_url=url, request_id=call.context.request_id)
    return call.nested(None, context, caller)


def url_of(stack: Stack) -> str:
    """How the cloud was reached when the stack was made."""
    found: str = json.loads(stack.on_behalf).get("url", "") if stack.on_behalf else ""
    return found
