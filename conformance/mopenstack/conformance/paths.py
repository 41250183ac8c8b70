"""Where the suite keeps what it makes and finds what it ships."""

import os
from importlib import resources
from pathlib import Path

from mopenstack.conformance.errors import ConformanceError


def data_home() -> Path:
    """Folder of everything that `tools install` makes; it outlives a run and is safe to delete."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "mopenstack"


def mirror_folder() -> Path:
    """Root of the suite's own filesystem mirror of Terraform's providers."""
    return data_home() / "terraform-mirror"


def provider_config(tool: str) -> Path:
    """Terraform's configuration file that takes the provider from the mirror; `tool` is the one that installs it."""
    return mirror_folder() / f"{tool}.tfrc"


def package_file(*parts: str) -> Path:
    """A file that ships with the suite."""
    return Path(str(resources.files("mopenstack.conformance"))).joinpath(*parts)


def fixtures_folder() -> Path:
    """The scenarios: `terraform-fixtures/` of a checkout, or the copy inside an installed package."""
    installed = package_file("fixtures")
    checkout = package_file().parents[2] / "terraform-fixtures"
    for folder in (installed, checkout):
        if folder.is_dir():
            return folder
    raise ConformanceError(f"no scenarios: neither {installed} nor {checkout} is there")
