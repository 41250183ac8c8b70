"""HTTPS: the one port, what the command line prints, and certificates that cannot be used."""

from __future__ import annotations

import json
import ssl
import urllib.request
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

from mopenstack.admin.v1 import admin_pb2, admin_pb2_grpc
from mopenstack.cli.tls import BadCertificate, Tls
from mopenstack.conformance.certificates import Authority
from tests.processes import command, detached


def _ask(url: str, context: ssl.SSLContext, body: Any = None) -> tuple[Any, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, context=context) as answer:
        return answer.headers, json.load(answer)


def test_a_cloud_that_speaks_https(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.server("127.0.0.1", "localhost")
    files = ("--tls-cert", str(pair.cert), "--tls-key", str(pair.key), "--tls-client-ca", str(authority.ca))
    with detached(tmp_path, *files) as status:
        assert status["url"].startswith("https://127.0.0.1:")
        assert status["cacert"] == str(pair.cert)
        assert f"export OS_CACERT={pair.cert}\n" in command("env", state=tmp_path).stdout
        clouds = yaml.safe_load(command("clouds-yaml", state=tmp_path).stdout)["clouds"]
        assert clouds["mopenstack"]["cacert"] == str(pair.cert)
        assert command("cloud", "create", "dev", state=tmp_path).stdout.startswith("https://")
        trusting = ssl.create_default_context(cafile=str(authority.ca))
        user = {"name": "demo", "domain": {"id": "default"}, "password": "secret"}
        scope = {"project": {"name": "demo", "domain": {"id": "default"}}}
        auth = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
        _, token = _ask(f"{status['auth_url']}/auth/tokens", trusting, auth)
        urls = [endpoint["url"] for service in token["token"]["catalog"] for endpoint in service["endpoints"]]
        assert urls
        assert all(url.startswith(status["url"]) for url in urls)
        with pytest.raises(urllib.error.URLError, match="certificate verify failed"):
            _ask(status["auth_url"], ssl.create_default_context())
        _with_client_certificates(status["auth_url"], trusting, authority, tmp_path)
        _over_grpc(status["grpc"], authority)


def _with_client_certificates(url: str, trusting: ssl.SSLContext, authority: Authority, folder: Path) -> None:
    known = authority.client()
    trusting.load_cert_chain(known.cert, known.key)
    _ask(url, trusting)
    (folder / "other").mkdir()
    stranger = Authority(folder / "other").client()
    refused = ssl.create_default_context(cafile=str(authority.ca))
    refused.load_cert_chain(stranger.cert, stranger.key)
    with pytest.raises(OSError, match=r"(?i)alert|reset|EOF|closed"):
        _ask(url, refused)


def _over_grpc(address: str, authority: Authority) -> None:
    credentials = grpc.ssl_channel_credentials(authority.ca.read_bytes())
    with grpc.secure_channel(address, credentials) as channel:
        status = admin_pb2_grpc.AdminStub(channel).GetStatus(admin_pb2.GetStatusRequest(), timeout=10)
        assert "default" in status.clouds


def test_certificates_that_cannot_be_used(tmp_path: Path) -> None:
    pair = Authority(tmp_path).server("127.0.0.1")
    (tmp_path / "b").mkdir()
    other = Authority(tmp_path / "b").server("127.0.0.1")
    refused = command("up", "--tls-cert", str(pair.cert), "--tls-key", str(other.key), state=tmp_path, check=False)
    assert refused.returncode == 1
    assert "does not belong to the certificate" in refused.stderr
    assert "give both" in command("up", "--tls-cert", str(pair.cert), state=tmp_path, check=False).stderr
    for tls, said in (
        (Tls(pair.key, pair.key), "holds no certificate in PEM"),
        (Tls(pair.cert, pair.cert), "holds no private key in PEM"),
        (Tls(pair.cert, tmp_path / "nothing"), "cannot be read"),
        (Tls(pair.cert, pair.key, pair.key), "holds no certificates of a CA"),
    ):
        with pytest.raises(BadCertificate, match=said):
            tls.context()


def test_the_name_is_one_of_the_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    for names, listening, shown in (
        (("127.0.0.1", "localhost"), "127.0.0.1", "127.0.0.1"),
        (("localhost", "cloud.example"), "127.0.0.1", "localhost"),
        (("cloud.example",), "0.0.0.0", "cloud.example"),
    ):
        pair = authority.server(*names)
        assert Tls(pair.cert, pair.key).host(listening) == shown
