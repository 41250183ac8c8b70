"""The store of one process of a group (see the package)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import orjson

from mopenstack.core.store.base import Template, Unreachable
from mopenstack.core.store.group.memory import GroupMemory
from mopenstack.core.store.group.session import reads, writes
from mopenstack.core.store.group.state import ALL, SETTINGS_CHANGED, GroupState, committing
from mopenstack.core.store.group.transacting import GroupTransacting


class GroupStore(GroupState):
    def __init__(self, url: str, memory: GroupMemory, group: str) -> None:
        super().__init__(url, memory, group)
        self.reads = reads(self.statements)
        self.writes = writes(self.statements)

    def transaction(  # type: ignore[override]  # a class in the place of a generator
        self, cloud: str, *, alone: bool = False
    ) -> AbstractAsyncContextManager[Any]:
        return GroupTransacting(self, cloud, alone=alone)

    # -- clouds as a whole

    async def change_cloud(self, name: str, change: Callable[[bytes], bytes]) -> bool:
        async with self._whole(name, SETTINGS_CHANGED):
            return await super().change_cloud(name, change)

    async def create_cloud(self, name: str, data: bytes, template: Template, folder: str = "") -> None:
        async with self._whole(name):
            await super().create_cloud(name, data, template, folder)

    async def replace_cloud(self, name: str, data: bytes, template: Template, folder: str = "") -> None:
        async with self._whole(name):
            await super().replace_cloud(name, data, template, folder)

    async def delete_cloud(self, name: str) -> bool:
        async with self._whole(name):
            return await super().delete_cloud(name)

    @asynccontextmanager
    async def _whole(self, name: str, what: int = ALL) -> AsyncIterator[None]:
        """The turn of a cloud's slot, for something that the server does in transactions of its own."""
        slot = self.memory.slot(name)
        await self.take_turn(slot)
        token = committing.set(slot)
        before = self.memory.version(slot)
        try:
            try:
                yield
            except BaseException as error:
                if self.memory.version(slot) == before:
                    raise  # it was not begun
                if isinstance(error, Unreachable) or not isinstance(error, Exception):
                    await self.try_to_recover(slot)  # it is not known what became of it
                else:
                    self._tell(what, name, before)
                raise
            if self.memory.version(slot) != before:
                self._tell(what, name, before)
        finally:
            committing.reset(token)
            self.end_turn(slot)

    def _tell(self, what: int, name: str, before: int) -> None:
        """Tell that a cloud, or its settings, may have changed, and end the commit."""
        self.notice([what, name])
        self.memory.tell(orjson.dumps([what, name]))
        self.memory.set_version(self.memory.slot(name), before + 2)
