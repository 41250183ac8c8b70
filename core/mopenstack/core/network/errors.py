"""Neutron's refusals of networks, subnets, pools, ports and what hangs on them.

Names and texts are those of neutron_lib.exceptions, neutron.ipam.exceptions,
neutron.services.segments.exceptions and neutron.extensions.rbac; the name is the `type` of the answer.
"""

from __future__ import annotations

from mopenstack.contract.faults import Conflict

# -- networks


# -- subnets


class SubnetInUse(Conflict):
    message = "Unable to complete operation on subnet {subnet_id}: {why}."

    def __init__(self, subnet_id: str, why: str = "One or more ports have an IP allocation from this subnet") -> None:
        super().__init__(subnet_id=subnet_id, why=why)


# -- subnet pools and address scopes


# -- ports


# -- RBAC
