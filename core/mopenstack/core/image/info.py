"""What a client can learn of the service (glance.api.v2.discovery)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.image import options
from mopenstack.core.image.images.images import IMPORT_METHODS
from mopenstack.core.image.stores import backends, usage
from mopenstack.image.v2 import info_pb2 as pb


class Info(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Info"]

    fixed: ClassVar[Mapping[str, Message]] = {
        "GetImportInfo": pb.ImportInfo(
            import_methods={"description": "Import methods available.", "type": "array", "value": IMPORT_METHODS}
        )
    }

    async def get_stores_info(self, call: Call, request: pb.GetStoresInfoRequest) -> Result:
        return pb.StoresInfo(
            stores=[
                pb.StoresInfo.Store(id=store, default="true" if store == backends.DEFAULT else "")
                for store in backends.stores_of(call.cloud)
            ]
        )

    async def get_stores_info_detail(self, call: Call, request: pb.GetStoresInfoRequest) -> Result:
        answer = pb.StoresInfoDetail()
        for name in backends.stores_of(call.cloud):
            store = answer.stores.add(id=name, type="file", default="true" if name == backends.DEFAULT else "")
            store.properties.update(
                {"data_dir": backends.directory(name), "chunk_size": 65536, "thin_provisioning": False}
            )
        return answer

    async def get_usage_info(self, call: Call, request: pb.GetUsageInfoRequest) -> Result:
        answer = pb.UsageInfo()
        answer.usage.SetInParent()
        if call.cloud.enabled(options.KEYSTONE_LIMITS):
            answer.usage.update(await usage.report(call))
        return answer
