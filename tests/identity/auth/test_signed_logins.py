"""EC2 and S3 signatures, OAuth 1.0a and OAuth 2.0 client credentials."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any
from urllib.parse import parse_qs, quote

from tests.conftest import Cloud, Reply, User

OAUTH = "/v3/OS-OAUTH1"


def sign_2(secret: str, request: dict[str, Any]) -> str:
    params = request["params"]
    query = "&".join(f"{quote(key, safe='')}={quote(params[key], safe='-_~')}" for key in sorted(params))
    text = f"{request['verb']}\n{request['host']}\n{request['path']}\n{query}"
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), "sha256").digest()).decode()


def key_4(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return key


async def ec2_credential(user: User) -> dict[str, str]:
    made = await user.post("identity", f"/v3/users/{user.user_id}/credentials/OS-EC2", {"tenant_id": user.project_id})
    credential: dict[str, str] = made.ok(201)["credential"]
    return credential


async def test_ec2_version_2(cloud: Cloud, admin: User, demo: User) -> None:
    key = await ec2_credential(demo)
    params = {
        "SignatureVersion": "2",
        "SignatureMethod": "HmacSHA256",
        "Action": "Test",
        "AWSAccessKeyId": key["access"],
    }
    request: dict[str, Any] = {"verb": "GET", "host": "cloud:8773", "path": "/", "params": params}
    signed = {**request, "access": key["access"], "signature": sign_2(key["secret"], request)}
    reply = await admin.post("identity", "/v3/ec2tokens", {"credentials": signed})
    token = reply.ok(200)["token"]
    assert token["methods"] == ["ec2credential"]
    assert token["user"]["name"] == "demo"
    assert token["project"]["id"] == demo.project_id
    lent = User(cloud.session, cloud.url, reply.headers["X-Subject-Token"], user_id=demo.user_id)
    (await lent.get("compute", "/v2.1/servers")).ok(200)
    own = f"/v3/users/{demo.user_id}/credentials/OS-EC2"
    (await lent.get("identity", own)).refused(403, "Delegated tokens cannot access credentials directly")
    for wrong in ({"signature": "x"}, {"path": "/other"}):
        (await admin.post("identity", "/v3/ec2tokens", {"credentials": {**signed, **wrong}})).refused(401)
    unknown = {"credentials": {**signed, "access": "zz"}}
    (await admin.post("identity", "/v3/ec2tokens", unknown)).refused(404, "EC2 access key not found.")
    (await demo.post("identity", "/v3/ec2tokens", {"credentials": signed})).refused(403, "identity:ec2tokens_validate")
    (await admin.post("identity", "/v3/ec2tokens", {})).refused(400, "request must include a request body")
    (await demo.delete("identity", f"{own}/{key['access']}")).ok(204)
    (await admin.post("identity", "/v3/ec2tokens", {"credentials": signed})).refused(404)


async def test_ec2_version_4(admin: User, demo: User) -> None:
    key = await ec2_credential(demo)
    now = time.gmtime()
    stamp, scope = time.strftime("%Y%m%dT%H%M%SZ", now), time.strftime("%Y%m%d/RegionOne/ec2/aws4_request", now)
    body_hash = hashlib.sha256(b"").hexdigest()
    lines = f"POST\n/\n\nhost:cloud\nx-amz-date:{stamp}\n\nhost;x-amz-date\n{body_hash}"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(lines.encode()).hexdigest()}"
    authorization = f"AWS4-HMAC-SHA256 Credential={key['access']}/{scope},SignedHeaders=host;x-amz-date,Signature=x"
    signed = {
        "access": key["access"], "verb": "POST", "host": "cloud", "path": "/", "params": {}, "body_hash": body_hash,
        "headers": {"Host": "cloud", "X-Amz-Date": stamp, "Authorization": authorization},
        "signature": hmac.new(key_4(key["secret"], scope), text.encode(), "sha256").hexdigest(),
    }  # fmt: skip
    (await admin.post("identity", "/v3/ec2tokens", {"ec2Credentials": signed})).ok(200)
    other = {**signed, "headers": {**signed["headers"], "X-Amz-Date": "20200101T000000Z"}}  # type: ignore[dict-item]
    (await admin.post("identity", "/v3/ec2tokens", {"ec2Credentials": other})).refused(401)


async def test_s3(admin: User, demo: User) -> None:
    key = await ec2_credential(demo)
    text = b"GET\n\n\n\n/bucket"
    signature = base64.b64encode(hmac.new(key["secret"].encode(), text, "sha1").digest()).decode()
    signed = {"access": key["access"], "token": base64.urlsafe_b64encode(text).decode(), "signature": signature}
    token = (await admin.post("identity", "/v3/s3tokens", {"credentials": signed})).ok(200)["token"]
    assert token["user"]["id"] == demo.user_id
    (await admin.post("identity", "/v3/s3tokens", {"credentials": {**signed, "signature": "x"}})).refused(401)


class Consumer:
    """A client of OAuth 1.0a."""

    def __init__(self, cloud: Cloud, key: str, secret: str) -> None:
        self.cloud, self.key, self.secret = cloud, key, secret

    async def post(
        self, path: str, token: tuple[str, str] = ("", ""), json: Any = None, project: str = "", **more: str
    ) -> Reply:
        """A request signed with HMAC-SHA1."""
        headers = {"Requested-Project-Id": project}
        parameters = {
            "oauth_consumer_key": self.key, "oauth_nonce": "1234", "oauth_timestamp": str(int(time.time())),
            "oauth_signature_method": "HMAC-SHA1", "oauth_version": "1.0", **more,
        }  # fmt: skip
        if token[0]:
            parameters["oauth_token"] = token[0]
        pairs = "&".join(f"{key}={quote(parameters[key], safe='~')}" for key in sorted(parameters))
        url = f"{self.cloud.url}/identity{path}"
        text = f"POST&{quote(url, safe='~')}&{quote(pairs, safe='~')}"
        digest = hmac.new(f"{self.secret}&{token[1]}".encode(), text.encode(), "sha1").digest()
        parameters["oauth_signature"] = base64.b64encode(digest).decode()
        shown = ", ".join(f'{key}="{quote(value, safe="~")}"' for key, value in parameters.items())
        headers["Authorization"] = f'OAuth realm="", {shown}'
        return await self.cloud.anonymous.post("identity", path, json, headers={k: v for k, v in headers.items() if v})


def form(reply: Reply) -> tuple[str, str]:
    assert reply.status == 201, reply.body
    assert reply.headers["Content-Type"] == "application/x-www-form-urlencoded"
    fields = parse_qs(reply.body)
    return fields["oauth_token"][0], fields["oauth_token_secret"][0]


async def test_oauth_1(cloud: Cloud, admin: User) -> None:
    made = (await admin.post("identity", f"{OAUTH}/consumers", {"consumer": {"description": "d"}})).ok(201)["consumer"]
    shown = (await admin.get("identity", f"{OAUTH}/consumers/{made['id']}")).ok(200)["consumer"]
    assert shown == {key: value for key, value in made.items() if key != "secret"}
    consumer = Consumer(cloud, made["id"], made["secret"])
    (
        await Consumer(cloud, made["id"], "wrong").post(
            f"{OAUTH}/request_token", project=admin.project_id, oauth_callback="oob"
        )
    ).refused(401)
    asked = form(await consumer.post(f"{OAUTH}/request_token", project=admin.project_id, oauth_callback="oob"))
    (await consumer.post(f"{OAUTH}/access_token", asked, oauth_verifier="abcdefgh")).refused(401)
    roles = {"roles": [{"name": "member"}]}
    answer = (await admin.put("identity", f"{OAUTH}/authorize/{asked[0]}", roles)).ok(200)
    verifier = answer["token"]["oauth_verifier"]
    (await consumer.post(f"{OAUTH}/access_token", asked, oauth_verifier="abcdefgh")).refused(401)
    granted = form(await consumer.post(f"{OAUTH}/access_token", asked, oauth_verifier=verifier))
    again = await consumer.post(f"{OAUTH}/access_token", asked, oauth_verifier=verifier)
    again.refused(404, "Request token not found")

    login = {"auth": {"identity": {"methods": ["oauth1"], "oauth1": {}}}}
    (await consumer.post("/v3/auth/tokens", (granted[0], "wrong"), login)).refused(401)
    reply = await consumer.post("/v3/auth/tokens", granted, login)
    token = reply.ok(201)["token"]
    assert token["methods"] == ["oauth1"]
    assert token["OS-OAUTH1"] == {"access_token_id": granted[0], "consumer_id": made["id"]}
    assert {role["name"] for role in token["roles"]} == {"member", "reader"}
    lent = User(cloud.session, cloud.url, reply.headers["X-Subject-Token"])
    (await lent.get("compute", "/v2.1/servers")).ok(200)
    (await lent.get("identity", "/v3/users")).refused(403)
    path = f"/v3/users/{admin.user_id}/OS-OAUTH1/access_tokens"
    listed = (await admin.get("identity", path)).ok(200)["access_tokens"]
    assert [one["id"] for one in listed] == [granted[0]]
    assert [one["name"] for one in (await admin.get("identity", f"{path}/{granted[0]}/roles")).ok(200)["roles"]] == [
        "member"
    ]
    (await admin.delete("identity", f"{path}/{granted[0]}")).ok(204)
    (await lent.get("compute", "/v2.1/servers")).refused(401)
    (await consumer.post("/v3/auth/tokens", granted, login)).refused(404, "Access token not found")


async def test_oauth_1_refusals(cloud: Cloud, admin: User, demo: User) -> None:
    made = (await admin.post("identity", f"{OAUTH}/consumers", {"consumer": {}})).ok(201)["consumer"]
    consumer = Consumer(cloud, made["id"], made["secret"])
    (await demo.get("identity", f"{OAUTH}/consumers")).refused(403, "identity:list_consumers")
    missing = await consumer.post(f"{OAUTH}/request_token", oauth_callback="oob")
    missing.refused(400, "Expecting to find Requested-Project-Id in request.")
    no_callback = await consumer.post(f"{OAUTH}/request_token", project=admin.project_id)
    no_callback.refused(400, "Missing callback URI.")
    old = await consumer.post(
        f"{OAUTH}/request_token", project=admin.project_id, oauth_callback="oob", oauth_timestamp="1000000000"
    )
    old.refused(400, "Timestamp given is invalid")
    asked = form(await consumer.post(f"{OAUTH}/request_token", project=demo.project_id, oauth_callback="oob"))
    stranger = {"roles": [{"name": "service"}]}
    (await admin.put("identity", f"{OAUTH}/authorize/{asked[0]}", stranger)).refused(401)
    (await admin.delete("identity", f"{OAUTH}/consumers/{made['id']}")).ok(204)
    (await admin.put("identity", f"{OAUTH}/authorize/{asked[0]}", {"roles": []})).refused(404)


async def test_oauth_2(cloud: Cloud, demo: User) -> None:
    path = f"/v3/users/{demo.user_id}/application_credentials"
    body = {"application_credential": {"name": "a", "secret": "s3cret"}}
    made = (await demo.post("identity", path, body)).ok(201)["application_credential"]
    basic = base64.b64encode(f"{made['id']}:s3cret".encode()).decode()

    async def ask(fields: str, authorization: str = "") -> Reply:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if authorization:
            headers["Authorization"] = authorization
        return await cloud.anonymous.send("POST", "identity", "/v3/OS-OAUTH2/token", data=fields, headers=headers)

    answer = (await ask("grant_type=client_credentials", f"Basic {basic}")).ok(200)
    assert answer["token_type"] == "Bearer"
    lent = User(cloud.session, cloud.url, answer["access_token"])
    (await lent.get("compute", "/v2.1/servers")).ok(200)
    (await ask(f"grant_type=client_credentials&client_id={made['id']}&client_secret=s3cret")).ok(200)
    wrong = await ask(f"grant_type=client_credentials&client_id={made['id']}&client_secret=x")
    assert wrong.refused(401)["error"] == "invalid_client"
    assert wrong.headers["WWW-Authenticate"].startswith("Keystone uri=")
    assert (await ask("")).refused(400) == {
        "error": "invalid_request", "error_description": "The parameter grant_type is required."
    }  # fmt: skip
    assert (await ask("grant_type=password")).refused(400)["error"] == "unsupported_grant_type"
