"""Nodes of Ironic through Nova: this cloud has no Ironic, which is an error inside of Nova, not the caller's.

Source: nova/api/openstack/compute/baremetal_nodes.py.
"""

from __future__ import annotations

from mopenstack.compute.v2 import refusals
from mopenstack.compute.v2.proxies import baremetal_nodes_pb2 as pb
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer


class BaremetalNodes(Servicer):
    service = pb.DESCRIPTOR.services_by_name["BaremetalNodes"]

    async def list_baremetal_nodes(self, call: Call, request: pb.ListBaremetalNodesRequest) -> Result:
        raise refusals.NoBaremetalService()

    async def get_baremetal_node(self, call: Call, request: pb.GetBaremetalNodeRequest) -> Result:
        raise refusals.NoBaremetalService()
