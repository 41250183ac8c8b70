"""Writes `tests/golden/exchanges/*.jsonl.xz` from the recordings of real services.

    python tests/exchanges/export.py <folder with the recordings>

A line an exchange, as recorded (`op`, `as`, `path`, `situation`, `microversion`, `request`, `status`, `response`, ...)
without what a replay has no use for: how long the service took and how often the exchange was seen.
"""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path

SECTIONS = (
    "identity",
    "placement",
    "image",
    "block-storage",
    "compute",
    "network-networks",
    "network-ports",
    "network-routers",
    "network-security-groups",
    "network-fwaas-vpnaas-bgp-taas",
    "network-other",
)
GOLDEN = Path(__file__).parent.parent / "golden" / "exchanges"
UNUSED = ("ms", "n")


def export(folder: Path) -> None:
    """Write every section anew."""
    for section in SECTIONS:
        lines = []
        for line in (folder / f"{section}.jsonl").read_text(encoding="utf-8").splitlines():
            exchange = json.loads(line)
            for key in UNUSED:
                exchange.pop(key, None)
            lines.append(json.dumps(exchange, ensure_ascii=False, separators=(",", ":")))
        text = "\n".join(lines).encode() + b"\n"
        (GOLDEN / f"{section}.jsonl.xz").write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    export(Path(sys.argv[1]))
