"""What a caller may do. Sources: swift.common.middleware.keystoneauth and tempauth, `authorize` of each."""

from __future__ import annotations

import json

from mopenstack.contract.faults import Fault
from mopenstack.core.object_store.auth import acl as access
from mopenstack.core.object_store.auth.identity import PREFIX, SERVICE_PREFIX
from mopenstack.core.object_store.requests import Request, refusal
from mopenstack.object_store.v1 import accounts_pb2, refusals

SERVICE = "service"
"""TempAuth's group and Keystone's role of services, which an account of SERVICE_ asks for beside the user's."""
OPERATORS = frozenset({"admin", "member", "swiftoperator"})
"""Roles that own their project's account, as the services' own installation guide sets operator_roles."""
RESELLER = "reselleradmin"
DEFAULT_DOMAIN = "default"


async def authorize(req: Request, acl: str = "") -> None:
    """Refuse a request that neither its caller's roles nor an access list allows; sets `owner`."""
    req.owner = False
    if req.trusted:
        req.owner = True
        return
    if req.signed:
        if not f"{req.account}/{req.container}/".startswith(req.signed):
            raise refusal(401)
        return
    try:
        await _ask(req, "")
    except (refusals.Forbidden, refusals.Unauthorized):
        # Who may anyway is asked first: an access list makes no owner.
        if not acl and not req.sync_key:
            raise
        await _ask(req, acl)


async def _ask(req: Request, acl: str) -> None:
    referrers, groups = access.parse(acl)
    if req.who.groups:
        await _temp_auth(req, referrers, groups)
    elif req.who.confirmed:
        await _keystone(req, referrers, groups)
    elif not req.account.startswith((PREFIX, SERVICE_PREFIX)) or not _anyone(req, referrers, groups):
        raise denied(req)


def denied(req: Request) -> Fault:
    """403 for a caller who is known, 401 for nobody."""
    if req.who.confirmed:
        return refusal(403)
    return refusal(401)


def _anyone(req: Request, referrers: list[str], groups: list[str]) -> bool | None:
    """Whether who comes from a host of the list, or syncs containers, may; None where that does not say."""
    key = req.headers.get("x-container-sync-key")
    if key and key == req.sync_key and "x-timestamp" in req.headers:
        return True
    if access.referrer_allowed(req.headers.get("referer", ""), referrers):
        return bool(req.name) or ".rlistings" in groups
    return None


async def _keystone(req: Request, referrers: list[str], groups: list[str]) -> None:
    roles = req.who.caller.roles
    if RESELLER in roles:
        req.owner = True
        return
    if not req.container and not req.name and req.verb == "DELETE":
        raise denied(req)
    if groups and _is_listed(req, groups, names=await _names_count(req)):
        return
    anyone = _anyone(req, referrers, groups)
    if anyone:
        return
    if not req.who.is_at_home(req.account):
        raise denied(req)
    if roles & OPERATORS and (not req.account.startswith(SERVICE_PREFIX) or SERVICE in req.who.service_roles):
        req.owner = True
        return
    if anyone is not None or not roles & {group.lower() for group in groups}:
        raise denied(req)


def _is_listed(req: Request, groups: list[str], *, names: bool) -> bool:
    """Whether `project:user` is in a list, each by id, by name or as `*`."""
    who = req.who.caller
    projects = [who.project_id, "*", *([who.project_name] if names else [])]
    users = [who.user_id, "*", *([who.user_name] if names else [])]
    return any(f"{project}:{user}" in groups for project in projects for user in users)


async def _names_count(req: Request) -> bool:
    """Whether names mean something: where user, project and account are all of the default domain."""
    who = req.who.caller
    if (who.user_domain_id or DEFAULT_DOMAIN) != DEFAULT_DOMAIN:
        return False
    if (who.project_domain_id or DEFAULT_DOMAIN) != DEFAULT_DOMAIN:
        return False
    if req.who.is_at_home(req.account):
        return True
    account = await req.call.tx.get(accounts_pb2.Account, req.account)
    return account is not None and account.settings.get("project-domain-id", DEFAULT_DOMAIN) == DEFAULT_DOMAIN


async def _temp_auth(req: Request, referrers: list[str], listed: list[str]) -> None:
    if not req.account.startswith((PREFIX, SERVICE_PREFIX)):
        raise denied(req)
    if "x-account-access-control" in req.headers:
        _check_account_acl(req.headers["x-account-access-control"])
    groups = set(req.who.groups)
    if ".reseller_admin" in groups:
        req.owner = True
        return
    if ".reseller_reader" in groups and req.reads:
        return
    owns = req.account in groups and (SERVICE in groups or not req.account.startswith(SERVICE_PREFIX))
    if owns and (req.verb not in ("DELETE", "PUT") or req.container):
        req.owner = True
        return
    anyone = _anyone(req, referrers, listed)
    if anyone or groups & set(listed):
        return
    if not await _in_account_list(req, groups):
        raise denied(req)


async def _in_account_list(req: Request, groups: set[str]) -> bool:
    account = await req.call.tx.get(accounts_pb2.Account, req.account)
    lists = access.parse_account(account.settings.get("x-account-access-control", "")) if account is not None else {}
    if not lists:
        return False
    if groups & set(lists.get("admin", ())):
        req.owner = True
        return True
    if groups & set(lists.get("read-write", ())):
        return bool(req.container or req.reads)
    return bool(groups & set(lists.get("read-only", ())) and req.reads)


def _check_account_acl(text: str) -> None:
    """Refuse an account's access list that TempAuth cannot read."""
    error = _wrong_account_acl(text)
    if error:
        body = f"X-Account-Access-Control invalid: {error}\n\nInput: {text}\n"
        raise refusal(400, body, content_type="text/plain; charset=UTF-8")


def _wrong_account_acl(text: str) -> str:
    found = access.parse_account(text)
    if found is None:
        return f"Syntax error in input ({text!r})"
    names = ("admin", "read-write", "read-only")
    for key in found:
        if key not in names:
            return f"Key {json.dumps(key)} not recognized"
    for key in names:
        value = found.get(key, [])
        if not isinstance(value, list):
            return f"Value for key {json.dumps(key)} must be a list"
        if not all(isinstance(one, str) for one in value):
            return f"Elements of {json.dumps(key)} list must be strings"
    return ""
