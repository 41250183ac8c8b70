"""Consoles of servers. Source: nova/api/openstack/compute/remote_consoles.py, console_auth_tokens.py and
nova/objects/console_auth_token.py.

Addresses and tokens are made and kept as Nova's are; nobody listens behind them.
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import remote_consoles_pb2 as pb
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.faults import InvalidField
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import ResourceServicer, Result, Servicer

TTL = 600
"""Seconds that a token is good for (consoleauth.token_ttl)."""
TOKENS_MAX = 100
"""Of one server."""
TOKENS_SINCE, MKS_SINCE, SPICE_DIRECT_SINCE = 31, 8, 99

PROXIES = {
    "novnc": "http://{host}:6080/vnc_lite.html",
    "spice-html5": "http://{host}:6082/spice_auto.html",
    "spice-direct": "http://{host}:13002/nova",
    "serial": "ws://{host}:6083/",
}
"""Where the proxies listen, by console type."""
PORTS = {"novnc": 5900, "spice-html5": 5901, "spice-direct": 5901, "serial": 10000}
TLS_PORT = 5902
TYPES_OF = {"vnc": ("novnc",), "spice": ("spice-html5", "spice-direct"), "serial": ("serial",)}


class RemoteConsoles(Servicer):
    service = pb.DESCRIPTOR.services_by_name["RemoteConsoles"]

    async def get_server_vnc_console(self, call: Call, request: pb.GetServerVncConsoleRequest) -> Result:
        return await self._console(call, "vnc", request.console.type)

    async def get_server_spice_console(self, call: Call, request: pb.GetServerSpiceConsoleRequest) -> Result:
        return await self._console(call, "spice", request.console.type)

    async def get_server_serial_console(self, call: Call, request: pb.GetServerSerialConsoleRequest) -> Result:
        return await self._console(call, "serial", request.console.type)

    async def create_remote_console(self, call: Call, request: pb.CreateRemoteConsoleRequest) -> Result:
        body = request.remote_console
        protocols = ["vnc", "spice", "serial", "rdp", *(["mks"] if call.at_least(MKS_SINCE) else [])]
        types = ["novnc", "xvpvnc", "spice-html5", "serial", "rdp-html5"]
        types += ["webmks"] if call.at_least(MKS_SINCE) else []
        types += ["spice-direct"] if call.at_least(SPICE_DIRECT_SINCE) else []
        for name, word, words in (("protocol", body.protocol, protocols), ("type", body.type, types)):
            if word not in words:
                raise InvalidField(("remote_console", name), word, "one_of", words)
        if body.protocol == "rdp":
            raise refusals.ConsoleTypeUnavailable(type="rdp")
        url = await _authorize(call, call.target, body.protocol, body.type)
        made = pb.RemoteConsoleResponse.RemoteConsole(protocol=body.protocol, type=body.type, url=url)
        return pb.RemoteConsoleResponse(remote_console=made)

    @staticmethod
    async def _console(call: Call, protocol: str, type: str) -> Result:
        url = await _authorize(call, call.target, protocol, type)
        return pb.ConsoleResponse(console=pb.ConsoleResponse.Console(type=type, url=url))


async def _authorize(call: Call, server: Server, protocol: str, type: str) -> str:
    """A new token's address."""
    if not server.host:
        raise refusals.InstanceNotReady(id=server.id)
    if server.task_state in ("deleting", "migrating"):
        action, task = f"get_{protocol}_console", server.task_state
        raise refusals.InstanceInvalidState(action=action, id=server.id, attr="task_state", state=task)
    if protocol == "mks":
        raise refusals.FeatureNotSupported()  # it is VMware's
    if type not in TYPES_OF[protocol]:
        raise refusals.ConsoleTypeUnavailable(type=type)
    await _drop_expired(call, server.id)
    token = pb.ConsoleAuthToken(id=call.ids.uuid(), server_id=server.id, host="127.0.0.1", port=PORTS[type])
    if type == "spice-direct":
        token.tls_port = TLS_PORT
    call.stamp(token.expires_at, call.time + TTL)
    await call.service(ConsoleAuthTokens).insert(call, token)
    asked = {"path": f"?token={token.id}"} if type == "novnc" else {"token": token.id}
    host = urlsplit(call.context.cloud_url).hostname or "127.0.0.1"
    return f"{PROXIES[type].format(host=host)}?{urlencode(asked)}"


async def drop_tokens(call: Call, server_id: str) -> None:
    """A server that goes takes its consoles with it."""
    for token in await call.tx.query(pb.ConsoleAuthToken, server_id=server_id):
        await call.tx.delete(pb.ConsoleAuthToken, token.id)


async def _drop_expired(call: Call, server_id: str) -> None:
    """What is no good any more goes, and the oldest of too many."""
    found = await call.tx.query(pb.ConsoleAuthToken, server_id=server_id)
    ordered = sorted(found, key=lambda token: token.expires_at.seconds, reverse=True)
    for place, token in enumerate(ordered):
        if token.expires_at.seconds <= call.time or place >= TOKENS_MAX - 1:
            await call.tx.delete(pb.ConsoleAuthToken, token.id)


class ConsoleAuthTokens(ResourceServicer[pb.ConsoleAuthToken]):
    service = pb.DESCRIPTOR.services_by_name["ConsoleAuthTokens"]
    message = pb.ConsoleAuthToken
    not_found = refusals.ConsoleTokenNotFound

    async def get_console_auth_token(self, call: Call, request: pb.GetConsoleAuthTokenRequest) -> Result:
        if not call.at_least(TOKENS_SINCE):
            raise refusals.MalformedRequest()  # it was for Hyper-V's consoles, which went
        token = await call.tx.get(pb.ConsoleAuthToken, request.console_token)
        if token is None or token.expires_at.seconds <= call.time:
            raise refusals.ConsoleTokenNotFound()
        return token
