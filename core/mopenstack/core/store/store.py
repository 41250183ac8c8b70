"""What every store offers to the engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Set
from contextlib import AbstractAsyncContextManager

from mopenstack.core.store.base import Row, StoreState
from mopenstack.core.store.transaction import Transaction


class Store(StoreState, ABC):
    """One database with the state of any number of clouds."""

    @abstractmethod
    async def open(self) -> None:
        """Connect and bring the schema up to date."""

    @abstractmethod
    async def close(self) -> None: ...

    @abstractmethod
    def transaction(self, cloud: str, *, alone: bool = False) -> AbstractAsyncContextManager[Transaction]:
        """All or nothing; raises Conflicted when it must be run again. `alone`: after all others that are alone."""

    @abstractmethod
    async def clouds(self) -> list[tuple[str, bytes]]:
        """Name and settings of every cloud in the store."""

    @abstractmethod
    async def create_cloud(self, name: str, data: bytes, rows: dict[str, list[Row]]) -> None:
        """Add a cloud with the rows of a template (as `export_cloud` gave them); raises CloudTaken."""

    @abstractmethod
    async def replace_cloud(self, name: str, data: bytes, rows: dict[str, list[Row]]) -> None:
        """Put the rows of a template in the place of everything that a cloud holds, in one step."""

    async def save_cloud(self, name: str, data: bytes) -> None:
        """Write the settings of a cloud of an exclusive store."""
        raise NotImplementedError

    async def change_cloud(self, name: str, change: Callable[[bytes], bytes]) -> bool:
        """Replace a cloud's settings in a shared store by what they are changed to; false: there is no such cloud."""
        raise NotImplementedError

    async def mentioned(self, name: str, keys: Set[str]) -> set[str]:
        """Which of these keys of bytes the objects of a cloud hold; of an exclusive store."""
        raise NotImplementedError

    @abstractmethod
    async def delete_cloud(self, name: str) -> bool:
        """Remove a cloud and all that is in it; false: there is none."""

    @abstractmethod
    async def export_cloud(self, name: str) -> dict[str, list[Row]]:
        """Table name -> rows of the cloud, without the cloud's name."""
