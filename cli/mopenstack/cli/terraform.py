"""Where Terraform, or OpenTofu, finds the provider when the user has said nothing of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from mopenstack.conformance.paths import provider_config

BINARIES = ("terraform", "tofu")
CONFIGURATION = "TF_CLI_CONFIG_FILE"


def binary() -> str:
    """The first of terraform and tofu on PATH; empty where there is neither."""
    return next((found for name in BINARIES if (found := shutil.which(name))), "")


def provider_settings(binary: str) -> dict[str, str]:
    """Variables that make it take the provider that `mopenstack tools install provider` made.

    None where `binary` is empty, where the user has a configuration file of another provider's place, or where the
    provider was not installed so.
    """
    if not binary:
        return {}
    tofu = Path(binary).name.startswith("tofu")
    own = Path(os.environ.get(CONFIGURATION) or Path.home() / (".tofurc" if tofu else ".terraformrc"))
    made = provider_config("opentofu-provider" if tofu else "provider")
    return {CONFIGURATION: str(made)} if made.is_file() and (own == made or not own.is_file()) else {}
