"""A service of its own for the tests of the engine and the gateway: shelves, books on them, and loans.

Its contract lies in `tests/engine/contract` and is compiled when it is imported.
"""

import sys
from pathlib import Path

import grpc_tools.protoc  # noqa: F401  # finds modules ending in _pb2 by their .proto

from mopenstack.contract.service import Service

CONTRACT_FOLDER = Path(__file__).parents[1] / "contract"
if str(CONTRACT_FOLDER) not in sys.path:
    sys.path.append(str(CONTRACT_FOLDER))

SERVICE = Service(
    name="library",
    contract="mopenstack_tests.library.v1",
    core="tests.engine.library.core",
    dialect="tests.engine.library.dialect:LibraryDialect",
    authenticate="tests.engine.library.core.callers:authenticate",
)
