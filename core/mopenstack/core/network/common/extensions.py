"""Extensions: what this Neutron can do, of the list in extensions.tsv (alias, name, description, updated).

The facts are those of neutron_lib.api.definitions and neutron.extensions; an alias is listed only if what it
stands for is served.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from mopenstack.contract.calls import Page
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Servicer
from mopenstack.network.v2.common import extensions_pb2 as pb
from mopenstack.network.v2.common.extensions_pb2 import Extension
from mopenstack.network.v2.refusals import ExtensionNotFound


@cache
def known() -> dict[str, Extension]:
    """Alias -> extension, in the order of the list."""
    lines = files(__package__).joinpath("extensions.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return {
        alias: Extension(alias=alias, name=name, description=description, updated=updated)
        for alias, name, description, updated in rows
    }


class Extensions(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Extensions"]

    async def list_extensions(self, call: Call, request: Any) -> Page:
        return Page(list(known().values()))

    async def get_extension(self, call: Call, request: Any) -> Extension:
        found = known().get(request.alias)
        if found is None:
            raise ExtensionNotFound(id=request.alias)
        return found
