"""Put a core together whose callers and other services are elsewhere."""

from __future__ import annotations

from pathlib import Path

from mopenstack.contract.contract import Contract
from mopenstack.contract.elsewhere import Elsewhere
from mopenstack.core.beside.callers import CACHE_SECONDS, Callers
from mopenstack.core.beside.engine import BesideEngine
from mopenstack.core.beside.registry import BesideRegistry
from mopenstack.core.engine.administration import Administration
from mopenstack.core.kept_seed import KeptSeed
from mopenstack.core.seed import received_seeder, seeder
from mopenstack.core.store import Store
from mopenstack.core.store.blobs import Blobs
from mopenstack.core.store.master_key import MasterKey


def assemble_beside(
    contract: Contract,
    elsewhere: Elsewhere,
    store: Store,
    blobs: Blobs,
    seed: Path | None = None,
    master_key: MasterKey | None = None,
    *,
    cache_seconds: float = CACHE_SECONDS,
) -> Administration:
    """An engine of the contract's services with the administration of its clouds; open it before the first call."""
    registry = BesideRegistry(contract, elsewhere)
    engine = BesideEngine(store, blobs, registry, elsewhere, Callers(elsewhere, cache_seconds), master_key)
    kept = KeptSeed(contract, engine.master_key) if seed is None else None
    return Administration(engine, seeder(contract, seed), received_seeder, kept)
