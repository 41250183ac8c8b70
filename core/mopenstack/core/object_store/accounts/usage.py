"""Accounts as they are kept: found, made with their first container, and what they use."""

from __future__ import annotations

from collections import Counter

from mopenstack.core.object_store import limits
from mopenstack.core.object_store.requests import Request
from mopenstack.object_store.v1 import accounts_pb2, containers_pb2

Account = accounts_pb2.Account
PROJECT_DOMAIN = "project-domain-id"
"""The setting that says whose domain the account's project is of (swift.common.middleware.keystoneauth)."""
UNKNOWN = "_unknown"
"""Its value where the account was made by a caller of another project."""
RFC_ETAGS = "x-account-rfc-compliant-etags"
"""The setting that has the tags of objects quoted."""


async def find(req: Request) -> Account | None:
    """The account of a request; None for one that is not there (yet), or was deleted."""
    found = await req.call.tx.get(Account, req.account)
    return found if found is not None and not found.deleted else None


async def ensure(req: Request) -> Account:
    """The same; made where it is missing. It learns its project's domain from the first who is of the project."""
    found = await find(req)
    domain = req.who.caller.project_domain_id if req.who.is_at_home(req.account) else ""
    if found is not None:
        if domain and found.settings.get(PROJECT_DOMAIN) == UNKNOWN:
            found = await req.call.tx.edit(Account, req.account)
            found.settings[PROJECT_DOMAIN] = domain
            await req.call.tx.put(found)
        return found
    limits.check_account_name(req.account)
    made = Account(id=req.account)
    req.call.stamp(made.created_at)
    req.call.stamp(made.updated_at)
    if req.who.caller.user_id:
        made.settings[PROJECT_DOMAIN] = domain or UNKNOWN
    await req.call.tx.put(made)
    return made


async def containers(req: Request) -> list[containers_pb2.Container]:
    """All containers of the account, also those that no list shows."""
    return await req.call.tx.query(containers_pb2.Container, account=req.account)


async def bytes_used(req: Request, policy: str = "") -> int:
    """Of the account; of one storage policy, where it is named."""
    return sum(one.bytes_used for one in await containers(req) if not policy or one.policy == policy)


async def headers(req: Request, account: Account | None) -> dict[str, str]:
    """What an account's use is told by."""
    found = await containers(req)
    shown = [one for one in found if not one.hidden]
    answer = {
        "X-Account-Container-Count": str(len(shown)),
        "X-Account-Object-Count": str(sum(one.object_count for one in found)),
        "X-Account-Bytes-Used": str(sum(one.bytes_used for one in found)),
    }
    counts, objects, used = Counter[str](), Counter[str](), Counter[str]()
    for one in found:
        counts[one.policy] += not one.hidden
        objects[one.policy] += one.object_count
        used[one.policy] += one.bytes_used
    for policy in limits.POLICIES:
        if policy in counts:
            name = f"X-Account-Storage-Policy-{policy.title()}"
            answer[f"{name}-Container-Count"] = str(counts[policy])
            answer[f"{name}-Object-Count"] = str(objects[policy])
            answer[f"{name}-Bytes-Used"] = str(used[policy])
    return answer
