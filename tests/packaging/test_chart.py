"""The chart: rendered by Helm, held against the schemas of Kubernetes, and its parts fit each other and the image."""

from __future__ import annotations

import base64
import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from mopenstack.conformance.tools import get_tool
from tests.packaging.arguments import read_up
from tests.packaging.dockerfile import Image, read_dockerfile

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "mopenstack"
RELEASES = ("1.25", "1.31", "1.36")
"""Of Kubernetes, whose schemas it is held against."""
CHOICES: dict[str, dict[str, Any]] = {
    "plain": {},
    "in memory": {"persistence": {"enabled": False}},
    "postgresql": {"postgresql": {"url": "postgresql://user:word@database/mopenstack"}},
    "secrets of others": {"postgresql": {"existingSecret": "store"}, "adminTokenSecret": "token"},
    "ingress": {"ingress": {"enabled": True, "host": "cloud.example.org", "className": "nginx", "tlsSecret": "tls"}},
    "all": {
        "image": {"repository": "registry.example.org/mopenstack", "tag": "1.2.3", "pullPolicy": "Always"},
        "imagePullSecrets": [{"name": "pull"}],
        "adminToken": "a-token-of-a-test",
        "extraArgs": ["--like", "scs", "--set", "compute.hosts=2"],
        "extraEnv": [{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://collector:4318"}],
        "persistence": {"storageClass": "fast", "size": "1Gi"},
        "service": {"type": "LoadBalancer", "port": 80, "annotations": {"a": "b"}},
        "nodeSelector": {"kind": "small"},
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "podLabels": {"team": "blue"},
        "podAnnotations": {"a": "b"},
        "serviceAccountName": "somebody",
    },
}
WRONG: dict[str, dict[str, Any]] = {
    "an unknown value": {"replicas": 2},
    "a short token": {"adminToken": "short"},
    "another database": {"postgresql": {"url": "mysql://user:word@database/mopenstack"}},
    "two databases": {"postgresql": {"url": "postgresql://a@b/c", "existingSecret": "d"}},
    "an ingress without a host": {"ingress": {"enabled": True}},
    "no port": {"service": {"port": 0}},
}


def helm(*words: str | Path, values: dict[str, Any] | None = None) -> subprocess.CompletedProcess[str]:
    tool = get_tool("helm").find()
    if not tool.found:
        pytest.skip(f"helm is missing: {tool.missing}")
    given = ["--values", "-"] if values is not None else []
    return subprocess.run(
        [str(tool.path), *map(str, words), *given],
        input=json.dumps(values or {}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def rendered(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Kind (and name, of secrets) -> the object."""
    done = helm("template", "try", CHART, "--namespace", "clouds", "--kube-version", RELEASES[-1], values=values)
    assert done.returncode == 0, done.stderr
    found = [one for one in yaml.safe_load_all(done.stdout) if one]
    return {one["kind"] + (f" {one['metadata']['name']}" if one["kind"] == "Secret" else ""): one for one in found}


@pytest.fixture(scope="module")
def image() -> Image:
    return read_dockerfile(ROOT / "Dockerfile")


def test_the_schema_of_its_values() -> None:
    """The values that it has are as their schema demands; wrong ones are not. (Helm asks the same schema.)"""
    schema = json.loads((CHART / "values.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    validator = jsonschema.Draft7Validator(schema)
    validator.validate(values)
    for chosen in CHOICES.values():
        validator.validate(_merged(values, chosen))
    for what, wrong in WRONG.items():
        assert not validator.is_valid(_merged(values, wrong)), what
    described = set(schema["properties"]) - {"global", "nameOverride", "fullnameOverride"}
    assert described == set(values)


def _merged(values: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """As Helm merges them."""
    both = {key: _merged(values[key], other) for key, other in others.items() if isinstance(values.get(key), dict)}
    return {**values, **others, **both}


def test_its_version_is_the_package_s() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert chart["version"] == chart["appVersion"] == version


def test_helm_has_nothing_to_say() -> None:
    done = helm("lint", "--strict", CHART)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 chart(s) failed" in done.stdout


@pytest.mark.parametrize("choice", CHOICES)
def test_what_it_renders_is_valid(choice: str) -> None:
    """By the schemas of several releases, strictly: no field that Kubernetes does not know."""
    for one in rendered(CHOICES[choice]).values():
        for release in RELEASES:
            kubernetes_validate.validate(one, release, strict=True)


@pytest.mark.parametrize("what", WRONG)
def test_wrong_values_are_refused(what: str) -> None:
    done = helm("template", "try", CHART, "--kube-version", RELEASES[-1], values=WRONG[what])
    assert done.returncode != 0
    assert "values don't meet the specifications of the schema" in done.stderr


def test_a_field_that_is_wrong_would_be_found() -> None:
    deployment = rendered({})["Deployment"]
    deployment["spec"]["template"]["spec"]["containers"][0]["readinessProb"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, RELEASES[-1], strict=True)


def test_it_fits_the_image(image: Image) -> None:
    """User, ports, volumes, command, and probes at the addresses that are for them."""
    found = rendered({})
    pod = found["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert [str(pod["securityContext"][key]) for key in ("runAsUser", "runAsGroup")] == list(image.user)
    assert [port["containerPort"] for port in container["ports"]] == image.ports
    mounted = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert set(image.volumes) | {image.environment["MOPENSTACK_STATE"], "/tmp"} == set(mounted)
    assert {volume["name"] for volume in pod["volumes"]} == set(mounted.values())
    asked = read_up(container["args"])
    assert [asked["port"], asked["grpc_port"]] == image.ports
    assert "try-mopenstack.clouds.svc" in asked["admin_hosts"]
    probes = {probe: container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "liveness", "readiness")}
    health, ready = "/_mopenstack/health", "/_mopenstack/ready"
    assert probes == {"startup": health, "liveness": health, "readiness": ready}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_where_the_state_is() -> None:
    """A claim, nothing, or PostgreSQL, whose address is in no argument."""
    plain, memory = rendered({}), rendered(CHOICES["in memory"])
    assert plain["PersistentVolumeClaim"]["metadata"]["name"] == "try-mopenstack"
    assert "PersistentVolumeClaim" not in memory
    assert {"name": "data", "emptyDir": {}} in memory["Deployment"]["spec"]["template"]["spec"]["volumes"]
    stored = rendered(CHOICES["postgresql"])
    (container,) = stored["Deployment"]["spec"]["template"]["spec"]["containers"]
    store = next(one for one in container["env"] if one["name"] == "MOPENSTACK_STORE")["valueFrom"]["secretKeyRef"]
    secret = stored[f"Secret {store['name']}"]
    url = CHOICES["postgresql"]["postgresql"]["url"]
    assert base64.b64decode(secret["data"][store["key"]]).decode() == url
    assert "word" not in json.dumps(stored["Deployment"])


def test_the_admin_token() -> None:
    """A secret's: one that is made, one that is given, or another's."""
    made = rendered({})["Secret try-mopenstack-admin"]
    assert len(base64.b64decode(made["data"]["token"])) == 40
    given = rendered(CHOICES["all"])
    assert base64.b64decode(given["Secret try-mopenstack-admin"]["data"]["token"]).decode() == "a-token-of-a-test"
    assert "a-token-of-a-test" not in json.dumps(given["Deployment"])
    others = rendered(CHOICES["secrets of others"])
    assert not any(kind.startswith("Secret") for kind in others)
    environment = others["Deployment"]["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {one["name"]: one["valueFrom"]["secretKeyRef"]["name"] for one in environment} == {
        "MOPENSTACK_ADMIN_TOKEN": "token",
        "MOPENSTACK_STORE": "store",
    }


def test_the_parts_find_each_other() -> None:
    """The service selects the pods, the ingress names the service, and the admin API knows the ingress's host."""
    found = rendered(CHOICES["ingress"])
    labels = found["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert found["Service"]["spec"]["selector"].items() <= labels.items()
    assert found["Deployment"]["spec"]["selector"]["matchLabels"].items() <= labels.items()
    (rule,) = found["Ingress"]["spec"]["rules"]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    assert backend["name"] == found["Service"]["metadata"]["name"]
    assert backend["port"]["name"] in {port["name"] for port in found["Service"]["spec"]["ports"]}
    arguments = found["Deployment"]["spec"]["template"]["spec"]["containers"][0]["args"]
    asked = read_up(arguments)
    assert "cloud.example.org" in asked["admin_hosts"]
    # HTTPS ends at the ingress.
    assert asked["behind_proxy"] is True
    without = rendered({"ingress": {"enabled": True, "host": "cloud.example.org"}})["Deployment"]
    assert read_up(without["spec"]["template"]["spec"]["containers"][0]["args"])["behind_proxy"] is False


def test_further_arguments_are_arguments() -> None:
    arguments = rendered(CHOICES["all"])["Deployment"]["spec"]["template"]["spec"]["containers"][0]["args"]
    asked = read_up(arguments)
    assert (asked["like"], list(asked["options"])) == ("scs", ["compute.hosts=2"])
