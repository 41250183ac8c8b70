"""Neutron's refusals of routers, floating IPs and port forwardings.

Names and texts are those of neutron_lib.exceptions.l3, neutron_lib.exceptions.extraroute,
neutron.services.portforwarding.common.exceptions and neutron_lib.exceptions; the name is the `type` of the answer.
"""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest, Conflict, Forbidden, NotFound

# -- routers


class RouterNotFound(NotFound):
    message = "Router {id} could not be found"


class RouterInUse(Conflict):
    message = "Router {router_id} {why}"


class RouterInterfaceNotFound(NotFound):
    message = "Router {router_id} does not have an interface with id {port_id}"


class RouterInterfaceNotFoundForSubnet(NotFound):
    message = "Router {router_id} has no interface on subnet {subnet_id}"


class RouterInterfaceInUseByFloatingIP(Conflict):
    message = (
        "Router interface for subnet {subnet_id} on router {router_id} cannot be deleted, "
        "as it is required by one or more floating IPs."
    )


class RouterInterfaceInUseByRoute(Conflict):
    message = (
        "Router interface for subnet {subnet_id} on router {router_id} cannot be deleted, "
        "as it is required by one or more routes."
    )


class RouterExternalGatewayInUseByFloatingIp(Conflict):
    message = (
        "Gateway cannot be updated for router {router_id}, since a gateway to external network {net_id} "
        "is required by one or more floating IPs."
    )


class InvalidRoutes(BadRequest):
    message = "Invalid format for routes: {routes}, {why}"


class SubnetMismatchForPort(BadRequest):
    message = "Subnet on port {port_id} does not match the requested subnet {subnet_id}."


class PortInUse(Conflict):
    message = (
        "Unable to complete operation on port {port_id} for network {net_id}. "
        "Port already has an attached device {device_id}."
    )


class PolicyNotAuthorized(Forbidden):
    """What a policy says of keys inside an attribute."""

    message = "{action} is disallowed by policy"


# -- floating IPs


class FloatingIPNotFound(NotFound):
    message = "Floating IP {id} could not be found"


class ExternalGatewayForFloatingIPNotFound(NotFound):
    message = (
        "External network {external_network_id} is not reachable from subnet {subnet_id}.  "
        "Therefore, cannot associate Port {port_id} with a Floating IP."
    )


class FloatingIPPortAlreadyAssociated(Conflict):
    message = (
        "Cannot associate floating IP {floating_ip_address} ({fip_id}) with port {port_id} using fixed IP {fixed_ip}, "
        "as that fixed IP already has a floating IP on external network {net_id}."
    )


class ExternalIpAddressExhausted(BadRequest):
    message = "Unable to find any IP address on external network {net_id}."


# -- port forwardings


class PortForwardingNotFound(NotFound):
    message = "Port Forwarding {id} could not be found."


class FipInUseByPortForwarding(Conflict):
    message = "Floating IP {id} in use by Port Forwarding resources."


class PortHasBindingFloatingIP(Conflict):
    message = (
        "Cannot create port forwarding to floating IP {floating_ip_address} ({fip_id}) with port {port_id} "
        "using fixed IP {fixed_ip}, as that port already has a binding floating IP."
    )
