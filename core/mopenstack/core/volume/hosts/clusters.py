"""Clusters of cinder-volume services. Source: cinder/api/v3/clusters.py.

DevStack runs one controller without clusters: there is none to show, enable or disable.
"""

from __future__ import annotations

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import ResourceServicer, Result
from mopenstack.core.volume.base import boolean
from mopenstack.volume.v3.hosts import services_pb2 as pb2
from mopenstack.volume.v3.hosts.services_pb2 import Cluster
from mopenstack.volume.v3.refusals import ClusterNotFound, InvalidInput

REPLICATION_SINCE = 26
FILTERS = {"name", "binary", "is_up", "disabled", "num_hosts", "num_down_hosts"}
REPLICATION_FILTERS = {"replication_status", "frozen", "active_backend_id"}


class Clusters(ResourceServicer[Cluster]):
    service = pb2.DESCRIPTOR.services_by_name["Clusters"]
    message = Cluster
    not_found = ClusterNotFound
    page_max = None

    async def list(self, call: Call, request: pb2.ListClustersRequest) -> Result:
        """By filters alone; other ones are refused."""
        filters = request.query.filters
        allowed = FILTERS | (REPLICATION_FILTERS if call.at_least(REPLICATION_SINCE) else set())
        invalid = [item.key for item in filters if item.key not in allowed]
        if invalid:
            raise InvalidInput(why=f"Invalid filter keys: {', '.join(invalid)}")
        for item in filters:
            if item.key in ("disabled", "is_up"):
                boolean(item.key, item.values[0])
        request.query.CopyFrom(common.Query(filters=filters))
        return await super().list(call, request)
