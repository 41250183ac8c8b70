"""What a client can learn of the service (glance.api.v2.discovery)."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.image import options, usage
from mopenstack.core.image.images import IMPORT_METHODS, STORE
from mopenstack.image.v2 import info_pb2 as pb

DATA_DIR = "/var/lib/glance/images"
"""Where the store says that its files lie."""


class Info(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Info"]

    async def get_import_info(self, call: Call, request: pb.GetImportInfoRequest) -> Result:
        methods = pb.ImportInfo.Methods(description="Import methods available.", type="array", value=IMPORT_METHODS)
        return pb.ImportInfo(import_methods=methods)

    async def get_stores_info(self, call: Call, request: pb.GetStoresInfoRequest) -> Result:
        return pb.StoresInfo(stores=[pb.StoresInfo.Store(id=STORE, default="true")])

    async def get_stores_info_detail(self, call: Call, request: pb.GetStoresInfoRequest) -> Result:
        store = pb.StoresInfoDetail.Store(id=STORE, default="true", type="file")
        store.properties.update({"data_dir": DATA_DIR, "chunk_size": 65536, "thin_provisioning": False})
        return pb.StoresInfoDetail(stores=[store])

    async def get_usage_info(self, call: Call, request: pb.GetUsageInfoRequest) -> Result:
        answer = pb.UsageInfo()
        answer.usage.SetInParent()
        if call.cloud.enabled(options.KEYSTONE_LIMITS):
            answer.usage.update(await usage.report(call))
        return answer
