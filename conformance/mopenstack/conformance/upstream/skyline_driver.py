"""Runs our tests of Skyline as pytest_driver.py does, with a Skyline that is served for as long as this runs."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import chromium_options  # noqa: F401  # for the tests, which cannot find it by themselves
import pytest_driver  # these stand beside this file, not in the environment

sys.path.pop(0)  # other tools' names stand there too

HERE = Path(__file__)


@contextlib.contextmanager
def served() -> Iterator[None]:
    """Its database made, its address told to the tests by the environment."""
    import skyline_apiserver.db.alembic

    ini = Path(skyline_apiserver.db.alembic.__file__).with_name("alembic.ini")
    with open("skyline-server.log", "a") as log, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        os.environ["MOPENSTACK_SKYLINE"] = f"http://127.0.0.1:{listening.getsockname()[1]}"
        base = [sys.executable, "-P", "-W", "ignore"]
        subprocess.run(  # noqa: S603
            [*base, "-m", "alembic.config", "-c", str(ini), "upgrade", "head"], stdout=log, stderr=log, check=True
        )
        process = subprocess.Popen(  # noqa: S603
            [*base, str(HERE.with_name("skyline_server.py")), str(listening.fileno())],
            pass_fds=[listening.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    with served() if sys.argv[1] == "run" else contextlib.nullcontext():
        pytest_driver.main()
