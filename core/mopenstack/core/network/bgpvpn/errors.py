"""BGPVPN's refusals (networking_bgpvpn.neutron.extensions: bgpvpn, bgpvpn_routes_control)."""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest, NotFound


class BGPVPNNotFound(NotFound):
    message = "BGPVPN {id} could not be found"


class BGPVPNNetAssocNotFound(NotFound):
    message = "BGPVPN network association {id} could not be found for BGPVPN {bgpvpn_id}"


class BGPVPNNetAssocAlreadyExists(BadRequest):
    message = "network {id} is already associated to BGPVPN {bgpvpn_id}"


class BGPVPNRouterAssocNotFound(NotFound):
    message = "BGPVPN router association {id} could not be found for BGPVPN {bgpvpn_id}"


class BGPVPNRouterAssocAlreadyExists(BadRequest):
    message = "router {id} is already associated to BGPVPN {bgpvpn_id}"


class BGPVPNPortAssocNotFound(NotFound):
    message = "BGPVPN port association {id} could not be found for BGPVPN {bgpvpn_id}"


class BGPVPNPortAssocAlreadyExists(BadRequest):
    message = "port {id} is already associated to BGPVPN {bgpvpn_id}"


class BGPVPNPortAssocRouteNoSuchBGPVPN(BadRequest):
    message = "bgpvpn specified in route does not exist ({bgpvpn_id})"


class BGPVPNPortAssocRouteWrongBGPVPNTenant(BadRequest):
    message = "bgpvpn specified in route does not belong to the tenant ({bgpvpn_id})"


class BGPVPNPortAssocRouteBGPVPNTypeDiffer(BadRequest):
    message = (
        "bgpvpn specified in route is of type {route_bgpvpn_type}, "
        "differing from type of associated BGPVPN {bgpvpn_type})"
    )
