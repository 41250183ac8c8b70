"""The files of a seed, as they stand there: what an item may hold is in `seed_items.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mopenstack.contract.faults import BadRequest

SEEDS = Path(__file__).parent / "seeds"
"""The seeds of clouds that are like others, each a file of its name."""
DEVSTACK = "devstack"
"""What the services' own seeds make together."""
FILE_BYTES_MAX = 64 * 1024**2

Item = tuple[str, Any]
"""Where an item stands, for refusals, and what is written there."""


class BadSeed(BadRequest):
    """A seed that cannot be applied; says which item and why."""


def likes() -> dict[str, str]:
    """What a cloud can be like -> what such a cloud is: the first line of its seed."""
    found = {file.stem: file.read_text().partition("\n")[0].strip("# ") for file in sorted(SEEDS.glob("*.yaml"))}
    return {DEVSTACK: "A DevStack, which is what a cloud is like if nothing else is said.", **found}


def like_file(name: str) -> Path | None:
    """The seed of a cloud that is like another; None: the services' own. Raises BadSeed."""
    if name not in likes():
        raise BadSeed(f"a cloud can be like {', '.join(likes())}; not like {name}")
    return None if name == DEVSTACK else SEEDS / f"{name}.yaml"


def items_of(seed: Path) -> Iterator[Item]:
    """What stands in a seed, a file or a folder of them in the order of their names; raises BadSeed."""
    for file in sorted(seed.glob("*.yaml")) if seed.is_dir() else [seed]:
        for number, item in enumerate(_loaded(file), 1):
            yield f"{file.name}, item {number}", item


def _loaded(file: Path) -> list[Any]:
    import yaml  # a start with a kept seed does without it

    # libyaml's is ten times as fast, where it was built in.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if file.stat().st_size > FILE_BYTES_MAX:
            raise BadSeed(f"{file.name}: a seed has at most {FILE_BYTES_MAX // 1024**2} MiB")
        found = yaml.load(file.read_bytes(), loader)  # noqa: S506  # both are safe ones
    except (OSError, yaml.YAMLError) as error:
        raise BadSeed(f"{file.name}: {error}") from None
    if found is None:
        return []
    if not isinstance(found, list):
        raise BadSeed(f"{file.name}: it holds a {type(found).__name__}, not a list of calls")
    return found
