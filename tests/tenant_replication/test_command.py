"""`mopenstack replicate`: between clouds of a process, and from another process that clouds.yaml names."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.processes import command, detached


def test_from_a_cloud_of_clouds_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second mopenstack stands for the real cloud; the copy is made in the running one, and back there."""
    monkeypatch.chdir(tmp_path)
    with detached(tmp_path / "far") as far, detached(tmp_path / "near"):
        auth = {
            "auth_url": f"{far['url']}/identity/v3",
            "username": "demo",
            "password": "secret",
            "project_name": "demo",
            "user_domain_id": "default",
            "project_domain_id": "default",
        }
        clouds = {"prod": {"auth": auth, "region_name": "RegionOne"}}
        clouds["prod-admin"] = {"auth": auth | {"username": "admin"}, "region_name": "RegionOne"}
        (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"clouds": clouds}))
        near = tmp_path / "near"
        done = command("replicate", "--from", "prod", "--to", "default", "--name", "mine", "--ports", state=near)
        assert "replicated as project mine (" in done.stdout
        assert "1 networks, 2 subnets, 1 security groups, 1 routers" in done.stdout, done.stdout
        assert "user mine-" in done.stdout
        command("cloud", "create", "other", state=near)
        mapped = ("--map", "10.0.0.0/26=10.77.0.0/26", "--no-external")
        done = command("replicate", "--from", "default:mine", "--to", "other:alt_demo", *mapped, state=near)
        assert "replicated as project alt_demo (" in done.stdout
        done = command("replicate", "--from", "other:alt_demo", "--to", "prod-admin", "--name", "back", state=near)
        assert "replicated as project back (" in done.stdout
        for arguments, text in (
            (("--from", "prod", "--to", "nowhere"), "nowhere"),
            (("--from", "default:nobody", "--to", "default"), "The tenant cannot be copied"),
            (("--from", "default", "--to", "other", "--map", "8.8.8.0/24=10.0.0.0/24"), "A private network CIDR"),
            (("--from", "default", "--to", "other", "--map", "fast"), "--map takes OLD=NEW"),
            (
                ("--from", "default", "--to", "other", "--ports", "--map", "10.0.0.0/24=10.1.0.0/24"),
                "sync_instance_ports cannot be used together with subnets mappings.",
            ),
        ):
            refused = command("replicate", *arguments, state=near, check=False)
            assert refused.returncode == 1, arguments
            assert text in refused.stderr, (arguments, refused.stderr)
