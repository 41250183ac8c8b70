"""The daily work with clusters of Kubernetes."""

import base64
import time
from typing import Any

import yaml

from mopenstack.conformance.daily_work.shell import PREFIX, Case, Shell, must

CLUSTER, TEMPLATE, GROUP = f"{PREFIX}-cluster", f"{PREFIX}-template", f"{PREFIX}-group"
IMAGE, KEY = f"{PREFIX}-coreos", f"{PREFIX}-cluster-key"
FINAL = ("_COMPLETE", "_FAILED")


def _until(shell: Shell, *words: str) -> dict[str, Any]:
    """A cluster, or a node group, in whose state nothing is under way any more."""
    end = time.monotonic() + shell.seconds
    while True:
        shown: dict[str, Any] = shell.show("coe", *words)
        if shown["status"].endswith(FINAL) or time.monotonic() > end:
            return shown
        time.sleep(1)


def _template_create(shell: Shell) -> None:
    path = shell.folder / "coreos.raw"
    path.write_bytes(b"mopenstack conformance image\n")
    shell.show(
        *("image", "create", "--file", str(path), "--disk-format", "raw", "--container-format", "bare"),
        *("--property", "os_distro=fedora-coreos", IMAGE),
    )
    shell.text("keypair", "create", KEY)
    external = shell.show("network", "list", "--external")[0]["Name"]
    shell.text(
        *("coe", "cluster", "template", "create", TEMPLATE, "--coe", "kubernetes", "--image", IMAGE),
        *("--external-network", external, "--keypair", KEY, "--flavor", "m1.small", "--master-flavor", "m1.small"),
        *("--network-driver", "flannel", "--labels", "kube_tag=v1.30.2"),
    )
    shown = shell.show("coe", "cluster", "template", "show", TEMPLATE)
    must(shown["cluster_distro"] == "fedora-coreos", f"the template is {shown}")


def _cluster_create(shell: Shell) -> None:
    said = shell.text("coe", "cluster", "create", CLUSTER, "--cluster-template", TEMPLATE, "--node-count", "2")
    must("Request to create cluster" in said and "accepted" in said, said)
    shown = _until(shell, "cluster", "show", CLUSTER)
    must(shown["status"] == "CREATE_COMPLETE" and shown["api_address"].startswith("https://"), f"it is {shown}")
    groups = {row["name"]: row for row in shell.show("coe", "nodegroup", "list", CLUSTER)}
    must({"default-master", "default-worker"} == set(groups), f"it has {groups}")
    must(groups["default-worker"]["node_count"] == 2, f"it has {groups}")


def _cluster_config(shell: Shell) -> None:
    folder = shell.folder / "kube"
    folder.mkdir(exist_ok=True)
    said = shell.text("coe", "cluster", "config", CLUSTER, "--dir", str(folder), "--force", "--output-certs")
    must("KUBECONFIG" in said, said)
    config = yaml.safe_load((folder / "config").read_text())
    must(config["kind"] == "Config" and config["clusters"][0]["name"] == CLUSTER, f"the configuration is {config}")
    for written, name in (
        (config["clusters"][0]["cluster"]["certificate-authority-data"], "ca.pem"),
        (config["users"][0]["user"]["client-certificate-data"], "cert.pem"),
    ):
        certificate = base64.b64decode(written).decode()
        must(certificate.startswith("-----BEGIN CERTIFICATE-----"), f"no certificate: {certificate}")
        must((folder / name).read_text() == certificate, f"{name} is another one")
    must(shell.text("coe", "ca", "show", CLUSTER).strip() == (folder / "ca.pem").read_text().strip(), "another CA")


def _nodegroup_create(shell: Shell) -> None:
    shell.text("coe", "nodegroup", "create", CLUSTER, GROUP, "--node-count", "1", "--role", "gpu")
    shown = _until(shell, "nodegroup", "show", CLUSTER, GROUP)
    must((shown["status"], shown["role"]) == ("CREATE_COMPLETE", "gpu"), f"the group is {shown}")
    shell.text("coe", "cluster", "resize", CLUSTER, "3", "--nodegroup", GROUP)
    cluster = _until(shell, "cluster", "show", CLUSTER)
    must((cluster["status"], cluster["node_count"]) == ("UPDATE_COMPLETE", 5), f"the cluster is {cluster}")
    shell.text("coe", "nodegroup", "delete", CLUSTER, GROUP)
    cluster = _until(shell, "cluster", "show", CLUSTER)
    must(cluster["node_count"] == 2, f"the cluster is {cluster}")


def _ca_rotate(shell: Shell) -> None:
    before = shell.text("coe", "ca", "show", CLUSTER)
    shell.text("coe", "ca", "rotate", CLUSTER)
    must(_until(shell, "cluster", "show", CLUSTER)["status"] == "UPDATE_COMPLETE", "the rotation is not done")
    must(shell.text("coe", "ca", "show", CLUSTER) != before, "the CA is the same")


def _unknown_keypair(shell: Shell) -> None:
    arguments = ["--cluster-template", TEMPLATE, "--keypair", f"{PREFIX}-none"]
    said = shell.text("coe", "cluster", "create", f"{PREFIX}-other", *arguments, fails=True)
    must(f"Unable to find keypair {PREFIX}-none (HTTP 404)" in said, said)


def _template_in_use(shell: Shell) -> None:
    said = shell.text("coe", "cluster", "template", "delete", TEMPLATE)
    must("is referenced by one or multiple clusters" in said, said)


def _cluster_delete(shell: Shell) -> None:
    clear(shell)
    must(CLUSTER not in {row["name"] for row in shell.show("coe", "cluster", "list")}, "the cluster is still there")


def clear(shell: Shell) -> None:
    """Delete what the cases have made, as far as it is there."""
    if CLUSTER in {row["name"] for row in shell.show("coe", "cluster", "list")}:
        shell.text("coe", "cluster", "delete", CLUSTER)
        end = time.monotonic() + shell.seconds
        while CLUSTER in {row["name"] for row in shell.show("coe", "cluster", "list")} and time.monotonic() < end:
            time.sleep(1)
    if TEMPLATE in {row["name"] for row in shell.show("coe", "cluster", "template", "list")}:
        shell.text("coe", "cluster", "template", "delete", TEMPLATE)
    if KEY in shell.listed("keypair", "list"):
        shell.text("keypair", "delete", KEY)
    if IMAGE in shell.listed("image", "list"):
        shell.text("image", "delete", IMAGE)


_NEEDED = ("coe-cluster-create",)
CASES = (
    Case("coe-template-create", "container-infra", _template_create),
    Case("coe-cluster-create", "container-infra", _cluster_create, needs=("coe-template-create",)),
    Case("coe-cluster-config", "container-infra", _cluster_config, needs=_NEEDED),
    Case("coe-nodegroup-create-resize-delete", "container-infra", _nodegroup_create, needs=_NEEDED),
    Case("coe-ca-rotate", "container-infra", _ca_rotate, needs=_NEEDED),
    Case("coe-unknown-keypair", "container-infra", _unknown_keypair, needs=("coe-template-create",), negative=True),
    Case("coe-template-in-use", "container-infra", _template_in_use, needs=_NEEDED, negative=True),
    Case("coe-cluster-delete", "container-infra", _cluster_delete, needs=_NEEDED),
)
