"""Terraform with the real provider, in a folder of its own, against a cloud."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from peers import Peer

from mopenstack.conformance.tools import Provider, Terraform


class Terraformer:
    """`folder` holds the configuration; the user of the default seed is in a project of the same name."""

    def __init__(self, peer: Peer, folder: Path, user: str = "admin") -> None:
        self._folder, self._binary = folder, str(Terraform().require().path or "terraform")
        self._environment = {
            **os.environ,
            "TF_CLI_CONFIG_FILE": str(Provider().cli_config()),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "OS_AUTH_URL": f"{peer.url}/identity/v3",
            "OS_USERNAME": user,
            "OS_PASSWORD": "secret",
            "OS_PROJECT_NAME": user,
            "OS_DOMAIN_NAME": "Default",
            "OS_REGION_NAME": "RegionOne",
        }

    def run(self, *arguments: str) -> float:
        """Seconds that it took; a failure ends everything."""
        started = time.perf_counter()
        done = subprocess.run(
            [self._binary, *arguments, "-no-color"],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"terraform {arguments[0]}: {done.returncode}\n{(done.stdout + done.stderr)[-4000:]}")
        return time.perf_counter() - started
