"""Make the generated Python of the contract: by hand (`make proto`) and as hatchling's build hook.

The output folder is replaced as a whole, so that a deleted .proto leaves nothing behind.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand in an environment without hatchling
    BuildHookInterface = object  # type: ignore[assignment,misc]

PROTO = Path(__file__).resolve().parent
GEN = PROTO / "gen"


def generate(out: Path = GEN) -> int:
    """Compile every .proto under this folder into `out`; return the number of files compiled."""
    import google.api
    from grpc_tools import protoc

    sources = sorted(str(path) for path in (PROTO / "mopenstack").rglob("*.proto"))
    googleapis = Path(next(iter(google.api.__path__))).parents[1]
    well_known = Path(protoc.__file__).parent / "_proto"
    final, out = out, Path(tempfile.mkdtemp(prefix="gen.", dir=out.parent))
    out.chmod(0o755)
    try:
        _compile(sources, out, googleapis, well_known)
        # Swapped in whole: whoever imports meanwhile sees the old files or the new ones.
        old = out.with_name(out.name + ".old")
        if final.exists():
            final.rename(old)
        out.rename(final)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(out, ignore_errors=True)
    return len(sources)


def _compile(sources: list[str], out: Path, googleapis: Path, well_known: Path) -> None:
    from grpc_tools import protoc

    arguments = [
        "protoc",
        f"-I{PROTO}",
        f"-I{googleapis}",
        f"-I{well_known}",
        f"--python_out={out}",
        f"--pyi_out={out}",
        *sources,
    ]
    if protoc.main(arguments) != 0:
        raise SystemExit("proto/generate.py: protoc refused the contract (see above)")
    # --pyi_out leaves extensions untyped; mypy-protobuf types them.
    options = [source for source in sources if source.endswith("contract/v1/options.proto")]
    for stub in out.rglob("options_pb2.pyi"):
        stub.unlink()
    plugin = Path(sys.executable).with_name("protoc-gen-mypy")
    found = str(plugin) if plugin.exists() else shutil.which("protoc-gen-mypy")
    if found is None:
        raise SystemExit("proto/generate.py: protoc-gen-mypy is missing; install mypy-protobuf")
    arguments = ["protoc", f"-I{PROTO}", f"-I{googleapis}", f"-I{well_known}"]
    if protoc.main([*arguments, f"--plugin=protoc-gen-mypy={found}", f"--mypy_out=quiet:{out}", *options]) != 0:
        raise SystemExit("proto/generate.py: protoc-gen-mypy refused the annotations (see above)")


class ProtoBuildHook(BuildHookInterface):  # type: ignore[type-arg,unused-ignore]
    """Generate before hatchling collects files, for wheels and editable installs alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        generate()


if __name__ == "__main__":
    print(f"proto/gen: {generate()} files of the contract compiled")
