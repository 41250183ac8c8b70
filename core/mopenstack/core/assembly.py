"""Put a core together: the services of a contract over a store, with their seed."""

from __future__ import annotations

from pathlib import Path

from mopenstack.contract.contract import Contract
from mopenstack.contract.service import named
from mopenstack.core.engine.administration import Administration
from mopenstack.core.engine.engine import Engine
from mopenstack.core.engine.registry import Registry
from mopenstack.core.kept_seed import KeptSeed
from mopenstack.core.seed import received_seeder, seeder
from mopenstack.core.store import Store
from mopenstack.core.store.blobs import Blobs
from mopenstack.core.store.master_key import MasterKey


def assemble(
    contract: Contract,
    store: Store,
    blobs: Blobs,
    seed: Path | None = None,
    master_key: MasterKey | None = None,
    *,
    keep: bool = False,
) -> Administration:
    """An engine of the contract's services with the administration of its clouds; open it before the first call.

    `keep`: what the services' own seed makes is kept for other processes of this user.
    """
    authenticate = next(named(service.authenticate) for service in contract.services if service.authenticate)
    engine = Engine(store, blobs, Registry(contract), authenticate, master_key)
    kept = KeptSeed(contract, engine.master_key) if keep and seed is None else None
    return Administration(engine, seeder(contract, seed), received_seeder, kept)
