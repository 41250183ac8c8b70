"""Seeds applied to clouds that run."""

from __future__ import annotations

from mopenstack.admin.v1 import seeds_pb2 as pb
from mopenstack.contract.values import plain_struct
from mopenstack.core.admin.admin import AdminServicer
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.seed import apply_items, received


class Seeds(AdminServicer):
    service = pb.DESCRIPTOR.services_by_name["Seeds"]

    async def apply_seed(self, call: Call, request: pb.ApplySeedRequest) -> Result:
        engine = call.administration.engine
        cloud = await engine.find_cloud(request.cloud)
        items = received(plain_struct(one) for one in request.calls)
        return pb.ApplySeedResponse(calls=await apply_items(engine, cloud.address, items))
