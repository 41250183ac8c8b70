"""Put a core together: the services of a contract over a store, with their seed."""

from __future__ import annotations

from pathlib import Path

from mopenstack.contract.contract import Contract
from mopenstack.contract.service import named
from mopenstack.core.engine.administration import Administration
from mopenstack.core.engine.engine import Engine
from mopenstack.core.engine.registry import Registry
from mopenstack.core.seed import seeder
from mopenstack.core.store import Store
from mopenstack.core.store.blobs import Blobs


def assemble(contract: Contract, store: Store, blobs: Blobs, seed: Path | None = None) -> Administration:
    """An engine of the contract's services with the administration of its clouds; open it before the first call."""
    authenticate = next(named(service.authenticate) for service in contract.services if service.authenticate)
    return Administration(Engine(store, blobs, Registry(contract), authenticate), seeder(contract, seed))
