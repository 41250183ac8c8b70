"""Writes `tests/golden/exchanges/*.jsonl.xz` from the recordings of real services.

    python tests/exchanges/export.py <folder with the recordings>

A line an exchange, as recorded (`op`, `as`, `path`, `situation`, `microversion`, `request`, `status`, `response`, ...)
without what a replay has no use for: how long the service took and how often the exchange was seen.
"""

from __future__ import annotations

import lzma
import sys
from pathlib import Path

from mopenstack.cli.recording.exchanges import read_lines, written

SECTIONS = (
    "identity",
    "placement",
    "dns",
    "image",
    "block-storage",
    "compute",
    "network-networks",
    "network-ports",
    "network-routers",
    "network-security-groups",
    "network-fwaas-vpnaas-bgp-taas",
    "network-other",
    "load-balancer",
    "shared-file-system",
)
ALONE = ("key-manager", "object-store", "container-infra", "database", "workflow", "orchestration")
"""Sections that a test of their service replays."""
GOLDEN = Path(__file__).parent.parent / "golden" / "exchanges"
UNUSED = ("ms", "n")


def export(folder: Path) -> None:
    """Write every section anew."""
    for section in (*SECTIONS, *ALONE):
        lines = []
        for exchange in read_lines(folder / f"{section}.jsonl"):
            for key in UNUSED:
                exchange.pop(key, None)
            lines.append(written(exchange))
        text = "\n".join(lines).encode() + b"\n"
        (GOLDEN / f"{section}.jsonl.xz").write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    export(Path(sys.argv[1]))
