"""Extensions: what this Neutron can do, of the list in extensions.tsv (alias, name, description, updated).

The facts are those of neutron_lib.api.definitions and neutron.extensions; an alias is listed only if what it
stands for is served.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from mopenstack.contract.releases import without
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.computed import ComputedServicer
from mopenstack.core.engine.releases import release_of
from mopenstack.core.network.base import FILTER_VALIDATION
from mopenstack.network.v2.common import extensions_pb2 as pb
from mopenstack.network.v2.common.extensions_pb2 import Extension
from mopenstack.network.v2.refusals import ExtensionNotFound

OF_OPTIONS = {"filter-validation": FILTER_VALIDATION}
"""Extensions that are there as an option of the cloud says."""


@cache
def known() -> dict[str, Extension]:
    """Alias -> extension, in the order of the list."""
    lines = files(__package__).joinpath("extensions.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return {
        alias: Extension(alias=alias, name=name, description=description, updated=updated)
        for alias, name, description, updated in rows
    }


class Extensions(ComputedServicer[Extension]):
    service = pb.DESCRIPTOR.services_by_name["Extensions"]
    message = Extension
    not_found = ExtensionNotFound

    async def candidates(self, call: Call, query: common.Query) -> Iterable[Extension]:
        off = without(release_of(call.cloud)) | {
            alias for alias, option in OF_OPTIONS.items() if not call.cloud.enabled(option)
        }
        return [extension for alias, extension in known().items() if alias not in off]
