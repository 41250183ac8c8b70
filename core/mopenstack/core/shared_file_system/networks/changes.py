"""Changes of the security services of share networks, which share servers must be able to follow.

Source: `API._share_network_update_initial_checks`, `update_share_network_security_service` of manila/share/api.py.
"""

from __future__ import annotations

from collections.abc import Iterable

from mopenstack.contract.values import to_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.shared_file_system.base import AVAILABLE
from mopenstack.core.shared_file_system.networks.servers import change_servers, of_network
from mopenstack.core.shared_file_system.networks.states import ACTIVE, check_active
from mopenstack.core.shared_file_system.shares.states import BUSY
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.networks import share_networks_pb2 as pb2
from mopenstack.shared_file_system.v2.networks.security_services_pb2 import SecurityService
from mopenstack.shared_file_system.v2.networks.share_networks_pb2 import ShareNetwork
from mopenstack.shared_file_system.v2.networks.share_servers_pb2 import ShareServer
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share


async def _check(
    call: Call, network: ShareNetwork, new: SecurityService, current: SecurityService | None
) -> Iterable[ShareServer]:
    """The share servers that must follow; raises what forbids the change."""
    check_active(network)
    if current is None:
        for id in network.security_service_ids:
            attached = await call.tx.get(SecurityService, id)
            if attached is not None and attached.type == new.type:
                raise refusals.InvalidSecurityService(
                    why=f"Cannot add security service to share network. Security service with '{new.type}' type "
                    f"already added to '{network.id}' share network"
                )
    else:
        if current.id not in network.security_service_ids:
            raise refusals.InvalidSecurityService(
                why=f"The specified current security service {current.id} is not associated to the share network "
                f"{network.id}."
            )
        if current.type != new.type:
            raise refusals.InvalidSecurityService(
                why="A security service can only be replaced by one of the same type. The current security service "
                f"type is '{current.type}' and the new security service type is '{new.type}'"
            )
    servers = await of_network(call, network.id)
    if servers:
        await _check_servers(call, network, servers)
    return servers


async def _check_servers(call: Call, network: ShareNetwork, servers: Iterable[ShareServer]) -> None:
    if any(server.status != ACTIVE for server in servers):
        raise refusals.InvalidShareNetwork(
            why=f"Some resources exported on share network {network.id} are not currently available."
        )
    shares = await call.tx.query(Share, share_network_id=network.id)
    if any(one.is_soft_deleted for one in shares):
        raise refusals.InvalidShareNetwork(why=f"Some shares with share network {network.id} have been soft deleted.")
    for what, ids in (
        ("not available", [one.id for one in shares if one.status != AVAILABLE]),
        ("busy", [one.id for one in shares if one.task_state in BUSY]),
    ):
        if ids:
            raise refusals.InvalidShareNetwork(
                why=f"Some shares exported on share network {network.id} are {what}: {ids}."
            )
    pending = [one.id for one in shares if one.access_rules_status != ACTIVE]
    if pending:
        raise refusals.InvalidShareNetwork(
            why="Either these shares or one of their replicas or migration copies exported on share network "
            f"{network.id} are not available: {pending}."
        )


def _key(new: SecurityService, current: SecurityService | None) -> str:
    return f"update_{current.id}_{new.id}" if current is not None else f"add_{new.id}"


async def check_change(
    call: Call,
    network: ShareNetwork,
    new: SecurityService,
    current: SecurityService | None = None,
    *,
    reset: bool = False,
) -> pb2.SecurityServiceCheck:
    """Whether a change is possible: the back ends are asked at first, and have answered when they are asked again."""
    servers = await _check(call, network, new, current)
    operation = pb2.SecurityServiceCheck.Operation(
        operation="update_security_service" if current is not None else "add_security_service",
        new_security_service=new.id,
    )
    if current is not None:
        operation.current_security_service = current.id
    answer = pb2.SecurityServiceCheck(requested_operation=operation)
    answer.hosts_check_result.SetInParent()
    hosts = sorted({server.host for server in servers})
    if not hosts:
        answer.compatible = True
        return answer
    asked = _key(new, current) in network.checks and not reset
    if asked:
        answer.compatible = True
    else:
        edited = await call.tx.edit(ShareNetwork, network.id)
        edited.checks[_key(new, current)] = ",".join(hosts)
        await call.tx.put(edited)
    answer.hosts_check_result.CopyFrom(to_struct(dict.fromkeys(hosts, True if asked else None)))
    return answer


async def start_change(
    call: Call, network: ShareNetwork, new: SecurityService, current: SecurityService | None = None
) -> bool:
    """Check a change that is to be made; whether share servers must follow it, which takes a while."""

    servers = list(await _check(call, network, new, current))
    if not servers:
        return False
    if _key(new, current) not in network.checks:
        raise refusals.InvalidShareNetwork(
            why=f"The share network {network.id} cannot start the update process since no check operation was found. "
            "Before "
            'starting the update operation, a "check" operation must be triggered to validate if all backend hosts '
            "support "
            "the provided configuration paramaters."
        )
    edited = await call.tx.edit(ShareNetwork, network.id)
    edited.checks.pop(_key(new, current), None)
    await call.tx.put(edited)
    await change_servers(call, servers)
    return True
