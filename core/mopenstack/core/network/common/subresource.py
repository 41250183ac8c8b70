"""Neutron's resources that are part of another one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from google.protobuf.message import Message

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.children import ChildServicer
from mopenstack.core.network.base import NeutronResource

M = TypeVar("M", bound=Message)


class SubResource(ChildServicer[M], NeutronResource[M]):
    """A child with Neutron's lists."""

    async def candidates(self, call: Call, query: common.Query) -> Iterable[M]:
        self.check_sort(query)
        return await super().candidates(call, query)
