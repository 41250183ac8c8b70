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

BASES = {
    "INVALID_ARGUMENT": "BadRequest",
    "UNAUTHENTICATED": "Unauthorized",
    "PERMISSION_DENIED": "Forbidden",
    "NOT_FOUND": "NotFound",
    "FAILED_PRECONDITION": "Conflict",
    "RESOURCE_EXHAUSTED": "OverLimit",
    "OUT_OF_RANGE": "OutOfRange",
    "UNIMPLEMENTED": "NotServed",
    "UNAVAILABLE": "Unavailable",
    "INTERNAL": "Internal",
}
"""gRPC status code -> the base class in mopenstack.contract.faults."""

PROTO = Path(__file__).resolve().parent
GEN = PROTO / "gen"


def generate(out: Path = GEN) -> int:
    """Compile every .proto under this folder into `out`; return the number of files compiled."""
    import google.api
    from grpc_tools import protoc

    sources = sorted(str(path) for path in (PROTO / "mopenstack").rglob("*.proto"))
    googleapis = Path(next(iter(google.api.__path__))).parents[1]
    includes = [PROTO, googleapis, Path(protoc.__file__).parent / "_proto"]
    final, out = out, Path(tempfile.mkdtemp(prefix="gen.", dir=out.parent))
    out.chmod(0o755)
    try:
        _compile(sources, out, includes)
        for source in sources:  # so that a client, or a service of another distribution, can import them
            copy = out / Path(source).relative_to(PROTO)
            shutil.copyfile(source, copy)
        files = _descriptors(sources, out, includes)
        write_refusals(files, out)
        own = [file for file in files if (PROTO / file.name).is_file()]
        write_descriptors(own, out)
        _remove_empty_stubs(own, out)
        # Swapped in whole: whoever imports meanwhile sees the old files or the new ones.
        old = out.with_name(out.name + ".old")
        if final.exists():
            final.rename(old)
        out.rename(final)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(out, ignore_errors=True)
    return len(sources)


def _compile(sources: list[str], out: Path, includes: list[Path]) -> None:
    """Write the modules of messages and of gRPC stubs, with their types."""
    _protoc(includes, f"--python_out={out}", f"--pyi_out={out}", f"--grpc_python_out={out}", *sources)
    _protoc(includes, _plugin("mypy_grpc"), f"--mypy_grpc_out=quiet:{out}", *sources)
    # --pyi_out leaves extensions untyped; mypy-protobuf types them.
    options = [source for source in sources if source.endswith("contract/v1/options.proto")]
    for stub in out.rglob("options_pb2.pyi"):
        stub.unlink()
    _protoc(includes, _plugin("mypy"), f"--mypy_out=quiet:{out}", *options)


def _protoc(includes: list[Path], *arguments: str) -> None:
    from grpc_tools import protoc

    if protoc.main(["protoc", *(f"-I{folder}" for folder in includes), *arguments]) != 0:
        raise SystemExit("proto/generate.py: protoc refused the contract (see above)")


def _plugin(name: str) -> str:
    """The option that names a plugin of mypy-protobuf: beside this Python, or on PATH."""
    program = f"protoc-gen-{name}"
    beside = Path(sys.executable).with_name(program)
    found = str(beside) if beside.exists() else shutil.which(program)
    if found is None:
        raise SystemExit(f"proto/generate.py: {program} is missing; install mypy-protobuf")
    return f"--plugin={program}={found}"


def _descriptors(sources: list[str], out: Path, includes: list[Path]) -> list[Any]:
    """The FileDescriptorProto of every source and of all that they import, each behind its imports, with comments."""
    from google.protobuf import descriptor_pb2

    whole = out / "contract.binpb"
    _protoc(includes, "--include_imports", "--include_source_info", f"--descriptor_set_out={whole}", *sources)
    files = descriptor_pb2.FileDescriptorSet.FromString(whole.read_bytes()).file
    whole.unlink()
    return list(files)


def write_descriptors(files: list[Any], out: Path) -> None:
    """Write `descriptors.binpb` (a FileDescriptorSet) and `py.typed` into each folder `mopenstack/<api>/<version>`.

    The generated modules hold no comments: OpenAPI and gRPC reflection read them there (mopenstack.contract.sources).
    """
    from google.protobuf import descriptor_pb2

    by_folder: dict[Path, Any] = {}
    for file in files:
        folder = out.joinpath(*Path(file.name).parts[:3])
        kept = by_folder.setdefault(folder, descriptor_pb2.FileDescriptorSet()).file.add()
        kept.CopyFrom(file)
        kept.source_code_info.ClearField("location")
        for location in file.source_code_info.location:
            # A location without a comment tells a place in a file that no client has.
            if location.leading_comments or location.trailing_comments or location.leading_detached_comments:
                kept.source_code_info.location.add().CopyFrom(location)
    for folder, found in by_folder.items():
        (folder / "descriptors.binpb").write_bytes(found.SerializeToString(deterministic=True))
        (folder / "py.typed").touch()


def _remove_empty_stubs(files: list[Any], out: Path) -> None:
    """Remove the gRPC modules of files that declare no service."""
    for file in files:
        if not file.service:
            module = out / Path(file.name).with_suffix("")
            for suffix in (".py", ".pyi"):
                module.with_name(f"{module.name}_pb2_grpc{suffix}").unlink(missing_ok=True)


def write_refusals(files: list[Any], out: Path) -> None:
    """Write the classes of each package's enum `Refusal` as `refusals.py` beside its generated modules."""
    from google.protobuf import descriptor_pool, message_factory

    pool = descriptor_pool.DescriptorPool()
    for file in files:
        pool.Add(file)
    options = message_factory.GetMessageClass(pool.FindMessageTypeByName("google.protobuf.EnumValueOptions"))
    refusal = pool.FindExtensionByName("mopenstack.refusal")
    known: Any = refusal.message_type
    codes = {value.number: value.name for value in known.enum_types_by_name["Code"].values}
    for file in files:
        for place, enum in enumerate(file.enum_type):
            if enum.name == "Refusal":
                found = []
                for number, value in enumerate(enum.value):
                    rule: Any = options.FromString(value.options.SerializeToString())
                    found.append((value.name, rule.Extensions[refusal], _comment(file, (5, place, 2, number))))
                text = _refusals_module(file.package, found[1:], codes)
                (out / Path(file.name).with_name("refusals.py")).write_text(text)


def _comment(file: Any, path: tuple[int, ...]) -> str:
    location = next((one for one in file.source_code_info.location if tuple(one.path) == path), None)
    return " ".join(location.leading_comments.split()) if location is not None else ""


def _refusals_module(package: str, found: list[tuple[str, Any, str]], codes: dict[int, str]) -> str:
    """The source of a package's refusals; the same classes as `mopenstack.contract.refusals` makes at run time."""
    names = {name: "".join(word.capitalize() for word in name.split("_")) for name, _, _ in found}
    lines = [
        f'"""The refusals of {package}, made from its enum `Refusal`. Generated: see proto/generate.py."""',
        "",
        "from mopenstack.contract import faults",
    ]
    for name, rule, comment in found:
        bases = [names[base] for base in rule.bases] or [f"faults.{BASES[codes[rule.code]]}"]
        lines += ["", "", "@faults.register", f"class {names[name]}({', '.join(bases)}):"]
        if comment:
            lines += [f"    {comment!r}", ""]
        lines += [f"    name = {name!r}", f"    domain = {package!r}"]
        for attribute, value in (("message", rule.text), ("type", rule.type), ("error_code", rule.error_code)):
            if value:
                lines.append(f"    {attribute} = {value!r}")
    return "\n".join(lines) + "\n"


class ProtoBuildHook(BuildHookInterface):  # type: ignore[type-arg,unused-ignore]
    """Generate before hatchling collects files, for wheels and editable installs alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        generate()


if __name__ == "__main__":
    print(f"proto/gen: {generate()} files of the contract compiled")
