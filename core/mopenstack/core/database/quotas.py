"""Quotas: instances, gigabytes of volumes, backups, megabytes of memory (trove/quota/quota.py, trove/common/cfg.py)."""

from __future__ import annotations

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.quota import Over, QuotaSet
from mopenstack.database.v1 import refusals

SERVICE = "database"
RESOURCES = ("instances", "ram", "backups", "volumes")


def _refuse(over: Over) -> Fault:
    return refusals.QuotaExceeded(resources=list(over.resources))


QUOTAS = QuotaSet(SERVICE, {"instances": 10, "ram": -1, "backups": 50, "volumes": 40}, _refuse)
