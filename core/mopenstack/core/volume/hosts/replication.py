"""Which back ends replicate their volumes; failover.py says what comes of that."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.options import Option
from mopenstack.core.volume.base import BACKENDS

TARGET = "secondary"
"""The one target that a replicating back end has."""


def _wrong(value: str) -> str:
    return "" if all(name in BACKENDS for name in value.split(",") if name) else f"names of {', '.join(BACKENDS)}"


REPLICATING = Option(
    "volume.replicating_backends",
    "",
    "The back ends, separated by commas, that replicate each volume whose type asks for it, and can fail over to the "
    f"target `{TARGET}`; the others say that they cannot. Empty: none does, and all say that groups can be replicated.",
    check=_wrong,
)


def replicates(call: Call, backend: str) -> bool:
    """Whether the driver of a back end replicates volumes by itself."""
    return bool(backend) and backend in call.cloud.option(REPLICATING).split(",")


def reports(call: Call, backend: str) -> bool:
    """Whether a back end says that it can."""
    return not call.cloud.option(REPLICATING) or replicates(call, backend)


def targets(call: Call, backend: str) -> list[str]:
    """What a back end can fail over to."""
    return [TARGET] if replicates(call, backend) else []
