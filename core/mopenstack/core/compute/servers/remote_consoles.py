"""Consoles of servers: their URLs and tokens.

Source: nova/api/openstack/compute/remote_consoles.py, console_auth_tokens.py and nova/objects/console_auth_token.py.

The URLs are those of this process, in the place of Nova's proxies: its gateway answers them, by `ConsoleSessions`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.servers import remote_consoles_pb2 as pb
from mopenstack.compute.v2.servers.remote_consoles_pb2 import ConsoleAuthToken
from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.faults import InvalidField
from mopenstack.core.compute.servers.server_states import LIFECYCLE
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.options import Option, switch
from mopenstack.core.engine.servicer import ResourceServicer, Result, Servicer

TOKENS_MAX = 100
"""Tokens that are kept of one server, the newest."""
TOKENS_SINCE, MKS_SINCE, SPICE_DIRECT_SINCE = 31, 8, 99

PAGES = {
    "novnc": "consoles/novnc/vnc_lite.html",
    "spice-html5": "consoles/spice/spice_auto.html",
    "spice-direct": "consoles/spice/direct",
    "serial": "consoles/serial/",
}
"""Console type -> the path of its address below the cloud's own."""
NOVNC_SOCKET = "consoles/novnc/websockify"
"""Where the page of noVNC connects to."""
PORTS = {"novnc": 5900, "spice-html5": 5901, "spice-direct": 5901, "serial": 10000}
TLS_PORT = 5902
TYPES_OF = {"vnc": ("novnc",), "spice": ("spice-html5", "spice-direct"), "serial": ("serial",)}
PROTOCOLS = {"novnc": "vnc", "xvpvnc": "vnc", "spice-html5": "spice", "serial": "serial"}
"""Console type -> protocol, of the console actions up to 2.5."""
TTL_MAX = 10 * 365 * 86400

TOKEN_TTL = Option(
    "compute.console_token_ttl",
    "600",
    "How many seconds of the cloud's clock a console's token lets in (nova.conf, [consoleauth] token_ttl).",
    check=lambda value: (
        "" if value.isdecimal() and int(value) <= TTL_MAX else f"a number of seconds, at most {TTL_MAX}"
    ),
)
SESSION_TIMEOUT = switch(
    "compute.console_session_timeout",
    False,
    "Whether a session on a console ends when its token expires (nova.conf, [consoleauth] enforce_session_timeout).",
)


class RemoteConsoles(Servicer):
    service = pb.DESCRIPTOR.services_by_name["RemoteConsoles"]

    async def _get_console(self, call: Call, request: Any) -> Result:
        type = request.console.type
        url = await _console_url(call, call.target, PROTOCOLS[type], type)
        return pb.ConsoleResponse(console=pb.ConsoleResponse.Console(type=type, url=url))

    get_server_vnc_console = get_server_spice_console = get_server_serial_console = _get_console

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
        LIFECYCLE.check(call, call.target, f"get_{body.protocol}_console")
        url = await _console_url(call, call.target, body.protocol, body.type)
        made = pb.RemoteConsoleResponse.RemoteConsole(protocol=body.protocol, type=body.type, url=url)
        return pb.RemoteConsoleResponse(remote_console=made)


async def _console_url(call: Call, server: Server, protocol: str, type: str) -> str:
    """The URL of a console with a new token; raises Nova's refusals of a type that is not there."""
    if protocol == "mks":
        raise refusals.FeatureNotSupported()  # of VMware's driver only
    if type not in TYPES_OF[protocol]:
        raise refusals.ConsoleTypeUnavailable(type=type)
    await _drop_expired(call, server.id)
    token = ConsoleAuthToken(
        id=call.ids.uuid(), server_id=server.id, host="127.0.0.1", port=PORTS[type], console_type=type
    )
    if type == "spice-direct":
        token.tls_port = TLS_PORT
    # Beside the APIs of the cloud: no link of the contract can declare it.
    place = urlsplit(call.context.cloud_url)
    if type == "serial":
        place = place._replace(scheme="wss" if place.scheme == "https" else "ws")
    token.access_url_base = f"{place.scheme}://{place.netloc}{place.path.rstrip('/')}/{PAGES[type]}"
    call.stamp(token.expires_at, call.time + int(call.cloud.option(TOKEN_TTL)))
    await call.service(ConsoleAuthTokens).insert(call, token)
    if type != "novnc":
        return f"{token.access_url_base}?token={token.id}"
    socket = f"{place.path.strip('/')}/{NOVNC_SOCKET}".lstrip("/")
    return f"{token.access_url_base}?{urlencode({'path': f'{socket}?token={token.id}'})}"


async def _drop_expired(call: Call, server_id: str) -> None:
    """Delete the expired tokens of a server, and the oldest ones so that there is room for one more."""
    found = await call.tx.query(ConsoleAuthToken, server_id=server_id)
    ordered = sorted(found, key=lambda token: token.expires_at.seconds, reverse=True)
    for place, token in enumerate(ordered):
        if token.expires_at.seconds <= call.time or place >= TOKENS_MAX - 1:
            await call.tx.delete(ConsoleAuthToken, token.id)


class ConsoleAuthTokens(ResourceServicer[ConsoleAuthToken]):
    service = pb.DESCRIPTOR.services_by_name["ConsoleAuthTokens"]
    message = ConsoleAuthToken
    not_found = refusals.ConsoleTokenNotFound

    async def find(self, call: Call, id: str) -> ConsoleAuthToken | None:
        token = await super().find(call, id)
        return token if token is not None and token.expires_at.seconds > call.time else None

    async def get(self, call: Call, request: pb.GetConsoleAuthTokenRequest) -> Result:
        # The token is no `target` of the operation: the policy is checked before it is looked for.
        if not call.at_least(TOKENS_SINCE):
            raise refusals.MalformedRequest()  # only for RDP consoles, which Nova has removed
        return await self.fetch(call, request.console_token)
