"""The VM lifecycle API in front of another cloud: a core without a store, which asks that cloud with callers' tokens.

The gateway's part is the same as in a cloud that serves the API itself, and so are contract, policy and operations.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from google.protobuf.message import Message

from mopenstack.contract.calls import Reply, RequestContext
from mopenstack.contract.contract import Contract
from mopenstack.contract.faults import NotServed, Unauthorized
from mopenstack.contract.operations import Operation
from mopenstack.contract.service import installed
from mopenstack.core.engine.admission import admit
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import ANONYMOUS, Caller
from mopenstack.core.engine.clouds import DEFAULT, Cloud
from mopenstack.core.engine.registry import Registry
from mopenstack.core.store import Transaction
from mopenstack.core.vm_lifecycle.limits import RATE_LIMIT
from mopenstack.core.vm_lifecycle.machines import Machines
from mopenstack.core.vm_lifecycle.real import RealServers, translating
from mopenstack.core.vm_lifecycle.vms import Vms

PACKAGE = "mopenstack.vm_lifecycle.v1"
TOKEN_SECONDS = 60.0
"""For so long a token that Keystone took is not asked for again."""
TOKENS_MAX = 1_000

Known = tuple[float, Caller, Any]
"""(when it is asked for again, whose token it is, a connection that uses it)"""


class FrontCore:
    """The core as the gateway sees it.

    `region` is an openstack.config.CloudRegion with the API's own user, `auth_url` its Keystone.
    """

    answers = None
    calls = None

    def __init__(self, region: Any, auth_url: str, *, rate_limit: int = 0, wait: float = 300.0) -> None:
        from openstack.connection import Connection

        self.contract = Contract((installed()["admin"], installed()["vm_lifecycle"]))
        self.contract.auth_prefix = auth_url  # callers without a token are sent there
        self._registry = Registry(self.contract)
        self._region, self._wait = region, wait
        self._service = Connection(config=region)
        self._known: dict[str, Known] = {}
        self._cloud = Cloud(DEFAULT)
        self._cloud.options = {RATE_LIMIT.name: str(rate_limit)}
        self._registry.servicer(Vms).behind = self._behind

    async def call(self, operation: Operation, request: Message, context: RequestContext) -> Reply:
        """Answer one RPC; raises Fault."""
        if operation.package != PACKAGE:
            raise NotServed(f"{operation.name} is not served in front of another cloud.")
        call = await self._admitted(operation, request, context)
        result = await self._registry.plan(operation.name).handler(call, request)
        return Reply(cast("Message", result), "admin" if call.caller.is_admin else "")

    def holds(self, message: Message) -> bool:
        """Never: nothing is kept."""
        return False

    def release(self, cloud_name: str) -> str | None:
        """None in particular: it is the other cloud's."""
        return ""

    async def find_release(self, cloud_name: str) -> str:
        """The same."""
        return ""

    def on_drop(self, listener: Callable[[int], None]) -> None:
        """Nothing is held, so nothing is dropped."""

    async def authenticate(self, context: RequestContext, package: str) -> None:
        """Only look at the token."""
        await self._who(context.token)

    async def admit(self, operation: Operation, request: Message, context: RequestContext) -> None:
        """Only look at the token and the policy of a call whose request could not be read whole."""
        await self._admitted(operation, request, context, whole=False)

    async def _admitted(
        self, operation: Operation, request: Message, context: RequestContext, *, whole: bool = True
    ) -> Call:
        plan = self._registry.plan(operation.name)
        call = Call(self._registry, self._cloud, cast("Transaction", None), context, operation)
        call.caller = ANONYMOUS if operation.anonymous else (await self._who(context.token))[1]
        if context.facts is not None:
            context.facts.caller = call.caller
        await admit(plan, call, request, whole=whole)
        return call

    def _behind(self, call: Call) -> Machines:
        known = self._known.get(call.context.token)
        connection = known[2] if known is not None and call.caller is not ANONYMOUS else None
        caller = call.caller
        return RealServers(connection, self._service, caller.project_id, is_admin=caller.is_admin, wait=self._wait)

    # -- tokens

    async def _who(self, token: str) -> Known:
        """Whose token it is; raises Unauthorized. Keystone is asked with the token itself."""
        known = self._known.get(token)
        if known is not None and known[0] > time.time():
            return known
        if not token or not token.isascii() or not token.isprintable():
            raise Unauthorized
        found = await asyncio.to_thread(self._validated, token)
        self._known.pop(token, None)
        while len(self._known) >= TOKENS_MAX:
            del self._known[next(iter(self._known))]
        self._known[token] = found
        return found

    def _validated(self, token: str) -> Known:
        from keystoneauth1 import access, session
        from keystoneauth1.identity.access import AccessInfoPlugin
        from openstack import config
        from openstack.connection import Connection

        with translating():
            own, url = self._service.session, self.contract.auth_prefix
            url = url if url.endswith("/v3") else f"{url}/v3"
            headers = {"X-Auth-Token": token, "X-Subject-Token": token}
            answer = own.get(f"{url}/auth/tokens", headers=headers, authenticated=False, raise_exc=False)
            if answer.status_code in (401, 403, 404):
                raise Unauthorized
            body = answer.json()
            user = session.Session(
                auth=AccessInfoPlugin(access.create(body=body, auth_token=token), auth_url=url), verify=own.verify
            )
            region = config.cloud_region.from_session(user, region_name=self._region.region_name)
            region.config["interface"] = self._region.config.get("interface") or "public"
            caller = _caller(body["token"], token)
        return min(time.time() + TOKEN_SECONDS, caller.expires_at), caller, Connection(config=region)


def _caller(found: dict[str, Any], token: str) -> Caller:
    project, user = found.get("project") or {}, found["user"]
    return Caller(
        user_id=user["id"],
        user_name=user["name"],
        user_domain_id=user["domain"]["id"],
        project_id=project.get("id", ""),
        project_name=project.get("name", ""),
        roles=frozenset(role["name"].lower() for role in found.get("roles", ())),
        token=token,
        expires_at=datetime.fromisoformat(found["expires_at"]).timestamp(),
    )
