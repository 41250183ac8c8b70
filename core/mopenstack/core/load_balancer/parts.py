"""What is below a load balancer: listeners, pools, members, health monitors, L7 policies and their rules.

Each create, update and delete of such a part is a change of its load balancer (states.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from google.protobuf.message import Message

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.load_balancer import health, operating, states
from mopenstack.core.load_balancer.base import OctaviaResource
from mopenstack.core.load_balancer.providers.driver import Driver
from mopenstack.core.load_balancer.providers.enabled import driver
from mopenstack.core.store.kinds import resource_options
from mopenstack.core.store.transaction import copy_of
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer

M = TypeVar("M", bound=Message)


class Part(OctaviaResource[M]):
    """A part is made alone, or with its whole load balancer: then `request` is None, and nothing begins."""

    async def balancer_of(self, call: Call, obj: Any) -> LoadBalancer:
        """The load balancer that a part belongs to."""
        raise NotImplementedError

    async def above(self, call: Call, obj: Any) -> Iterable[Any]:
        """What else is PENDING_UPDATE while a part changes."""
        return ()

    async def check(self, call: Call, obj: Any, balancer: LoadBalancer, request: Any) -> None:
        """Complete and check a new part; `obj` has its id and defaults."""

    async def check_change(self, call: Call, old: Any, new: Any, given: set[str]) -> None:
        """Complete and check a changed part."""

    async def check_window(self, call: Call, obj: Any) -> None:
        """Refuse a change because of what stands above, before the load balancer is looked at."""

    async def show(self, call: Call, shown: Any) -> None:
        """Add to the copy of a part what it is shown with."""

    # -- the steps

    async def prepare(self, call: Call, obj: M, request: Any, given: set[str]) -> None:
        part: Any = obj
        balancer = await self.balancer_of(call, part)
        part.project_id = balancer.project_id
        part.provisioning_status = states.PENDING_CREATE
        await self.check(call, part, balancer, request)
        if request is not None:
            await self.check_window(call, part)
            await states.change(call, balancer.id, [part], await self.above(call, part))

    async def change(self, call: Call, old: M, new: M, request: Any, given: set[str]) -> None:
        part: Any = new
        self.listing.apply_defaults(new, set())  # what null took away
        await self.check_change(call, old, part, given)
        await self.begin(call, part, states.PENDING_UPDATE)

    async def delete(self, call: Call, request: Any) -> Result:
        part = await call.tx.edit(self.message, call.target.id)
        await self.begin(call, part, states.PENDING_DELETE)
        await call.tx.put(part)
        return EMPTY

    async def begin(self, call: Call, part: Any, status: Any) -> None:
        """Begin the change of a private copy of a part."""
        await self.check_window(call, part)
        part.provisioning_status = status
        balancer = await self.balancer_of(call, part)
        await states.change(call, balancer.id, [part], await self.above(call, part))

    async def provider_of(self, call: Call, obj: Any) -> Driver:
        return driver((await self.balancer_of(call, obj)).provider)

    # -- what is shown

    async def status_of(self, call: Call, obj: Any) -> int:
        """The operating status of a part."""
        return health.of_itself(obj)

    async def view(self, call: Call, obj: M) -> Message:
        part: Any = obj

        async def build() -> Message:
            kept: Any = await call.tx.get(self.message, part.id)
            shown: Any = copy_of(part if kept is None else kept)
            shown.tags.sort()  # as the table is read
            shown.operating_status = await self.status_of(call, shown)
            await self.show(call, shown)
            return shown  # type: ignore[no-any-return]

        return await call.tx.view((resource_options(self.message).kind, part.id, operating.reports(call)), build)
