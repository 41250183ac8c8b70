"""What a start with known services leaves out until something needs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import json, sys
import mopenstack.gateway.server_only
import asyncio, urllib.request
from mopenstack.cli.main import main
from mopenstack.cli.plain_up import plain
from mopenstack.cli.serve import Settings, serving

def token(url):
    user = {"name": "admin", "domain": {"id": "default"}, "password": "secret"}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    request = urllib.request.Request(url + "/identity/v3/auth/tokens", json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    urllib.request.urlopen(request).close()

async def start():
    assert plain(["--port", "0"]) is not None
    async with serving(Settings(port=0)) as running:
        await asyncio.to_thread(token, running.url)
        print(json.dumps(sorted(sys.modules)))

asyncio.run(start())
"""
NOT_NEEDED = (
    *("aiohttp.client", "alembic", "cryptography.x509", "grpc", "importlib.metadata", "jsonschema", "pydantic"),
    *("sqlalchemy", "typer", "yaml", "mopenstack.core.seed_items", "mopenstack.core.engine.snapshot_files"),
)


def test_a_start_imports_what_its_first_answer_needs(tmp_path: Path) -> None:
    environment = {**os.environ, "MOPENSTACK_CACHE": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout))
    assert not loaded & set(NOT_NEEDED)
    services = {name.split(".")[2] for name in loaded if name.startswith("mopenstack.core.") and name.count(".") > 2}
    assert services == {"engine", "identity", "store"}
