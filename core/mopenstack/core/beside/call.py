"""A call some of whose services are elsewhere."""

from __future__ import annotations

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.operations import Operation
from mopenstack.core.beside.replay import CURRENT, Replay
from mopenstack.core.engine.call import Call, Services
from mopenstack.core.engine.clouds import Cloud, Ids
from mopenstack.core.store import Transaction


class BesideCall(Call):
    """One run of a call; `replay` is what the runs have in common."""

    __slots__ = ("replay",)

    def __init__(
        self, services: Services, cloud: Cloud, tx: Transaction, context: RequestContext, operation: Operation | None
    ) -> None:
        super().__init__(services, cloud, tx, context, operation)
        replay = CURRENT.get()
        self.replay: Replay = Replay(cloud.ids) if replay is None else replay

    @property
    def ids(self) -> Ids:
        self._read_beside()
        return self.replay.ids
