"""Which CIDRs subnets may be mapped from and to."""

from __future__ import annotations

from ipaddress import IPv4Network

PRIVATE = (IPv4Network("10.0.0.0/8"), IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/16"))


def wrong(cidr: str) -> str:
    """What is wrong with a CIDR; "" if nothing.

    Source: waldur_openstack.serializers.validate_private_cidr.
    """
    try:
        network = IPv4Network(cidr, strict=True)
    except ValueError:
        return "Enter a valid IPv4 address."
    if "/" not in cidr or not any(network.subnet_of(one) for one in PRIVATE):
        return "A private network CIDR is expected."
    return ""
