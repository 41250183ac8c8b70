"""Who calls: a token says it in words, "NAME PROJECT ROLE,ROLE"."""

from __future__ import annotations

from mopenstack.contract.faults import Unauthorized
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller


def caller(name: str, project: str, *roles: str) -> Caller:
    """A user with roles in a project."""
    return Caller(user_id=name, user_name=name, project_id=project, roles=frozenset(roles))


LIBRARIAN = caller("hypatia", "museum", "admin", "member", "reader")
ALICE = caller("alice", "red", "member", "reader")
RITA = caller("rita", "red", "reader")
BOB = caller("bob", "blue", "member", "reader")


async def authenticate(call: Call, token: str) -> Caller:
    """The caller of a token; raises Unauthorized for one that is not of the form."""
    name, _, rest = token.partition(" ")
    project, _, roles = rest.partition(" ")
    if not name or not project:
        raise Unauthorized()
    return caller(name, project, *roles.split(","))
