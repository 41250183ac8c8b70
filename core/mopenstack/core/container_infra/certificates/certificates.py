"""Certificates. After magnum.api.controllers.v1.certificate and magnum.conductor.handlers.ca_conductor.

The authorities of a cluster are made when one of them is first asked for, in a thread, as of the time at which the
cluster was made or its authorities rotated: until then nothing shows them.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from mopenstack.container_infra.v1 import certificates_pb2 as pb
from mopenstack.container_infra.v1 import refusals
from mopenstack.container_infra.v1.cluster_templates_pb2 import ClusterTemplate
from mopenstack.container_infra.v1.clusters_pb2 import Cluster, ClusterId, ClusterRequest
from mopenstack.contract.calls import RequestContext, Result
from mopenstack.core.container_infra.certificates import authority
from mopenstack.core.container_infra.clusters import states
from mopenstack.core.container_infra.clusters.clusters import Clusters
from mopenstack.core.engine import sealing
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Later, ResourceServicer, Servicer

KUBERNETES, ETCD, FRONT_PROXY = "kubernetes", "etcd", "front-proxy"
WORDS = {ETCD: ETCD, "front_proxy": FRONT_PROXY, FRONT_PROXY: FRONT_PROXY}
"""What a request calls an authority; any other word means that of Kubernetes."""
PURPOSE = "container_infra"


class Certificates(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Certificates"]

    async def target(self, call: Call, owner: ResourceServicer[Any] | None, id: str) -> Any:
        """Only those of the caller's project, of admins too; a signing request is blamed for what it names."""
        clusters = call.service(Clusters)
        if call.operation is None or call.operation.method != "SignCertificate":
            return await clusters.named(call, id, everywhere=False)
        if not id:
            raise refusals.ClusterNotFound(id="Unset")
        try:
            return await clusters.named(call, id, everywhere=False)
        except refusals.ClusterNotFound:
            raise refusals.NamedClusterNotFound(id=id) from None

    async def get_certificate(self, call: Call, request: pb.GetCertificateRequest) -> Result | Later:
        cluster, name = call.target, _authority_name(request.ca_cert_type)

        async def make() -> Result:
            found = await _authorities(call, cluster)
            return _shown(cluster, pem=found[name].certificate)

        return Later(make)

    async def sign_certificate(self, call: Call, request: pb.SignCertificateRequest) -> Result | Later:
        cluster, asked = call.target, request.certificate
        if not asked.HasField("csr"):
            raise refusals.ServiceBreaks(message="Cannot load 'csr' in the base class")
        now, serial = call.now, _serial(call)

        async def make() -> Result:
            one = (await _authorities(call, cluster))[_authority_name(asked.ca_cert_type)]
            key = sealing.unseal(call, PURPOSE, cluster.project_id, cluster.id, one.nonce, one.sealed_key)
            pem = await asyncio.to_thread(authority.sign, asked.csr, _issuer(cluster), key, now, serial)
            values = {"ca_cert_type": asked.ca_cert_type} if asked.HasField("ca_cert_type") else {}
            return _shown(cluster, csr=asked.csr, pem=pem, **values)

        return Later(make)

    async def rotate_ca(self, call: Call, request: ClusterRequest) -> Result:
        cluster = call.target
        template = await call.tx.get(ClusterTemplate, cluster.cluster_template_id)
        if template is not None and template.tls_disabled:
            raise refusals.RotationWithoutTls()
        states.CLUSTERS.check(call, cluster, "update")
        await call.service(Clusters).rotate(call, await call.tx.edit(Cluster, cluster.id))
        return ClusterId(uuid=cluster.id)

    async def rotate_ca_of_none(self, call: Call, request: Any) -> Result:
        raise refusals.MissingArgument(name="cluster_ident")


def _authority_name(word: str) -> str:
    return WORDS.get(word, KUBERNETES)


def _issuer(cluster: Cluster) -> str:
    return cluster.name or cluster.id


def _serial(call: Call) -> int:
    """The serial number of a certificate: that of a random UUID."""
    return int(call.ids.hex(), 16)


def _shown(cluster: Cluster, **values: Any) -> pb.CertificateResponse:
    return pb.CertificateResponse(certificate=pb.Certificate(cluster_uuid=cluster.id, **values))


async def _authorities(call: Call, cluster: Cluster) -> dict[str, Cluster.Authority]:
    """Name -> authority of a cluster; they are made and kept if there are none yet."""
    if not cluster.authorities:
        cluster = await _made(call, cluster)
    return {one.name: one for one in cluster.authorities}


async def _made(call: Call, cluster: Cluster) -> Cluster:
    since = cluster.rotated_at if cluster.HasField("rotated_at") else cluster.created_at
    at = datetime.fromtimestamp(since.seconds, UTC)
    names = (KUBERNETES, ETCD, FRONT_PROXY)
    found = [await asyncio.to_thread(authority.make, _issuer(cluster), at, _serial(call)) for _ in names]

    async def put(other: Call) -> Cluster:
        kept = await other.tx.get(Cluster, cluster.id)
        if kept is None:
            raise refusals.ClusterNotFound(id=cluster.id)  # it was deleted
        if kept.authorities:
            return kept  # another call was faster
        new = await other.tx.edit(Cluster, cluster.id)
        for name, (certificate, key) in zip(names, found, strict=True):
            nonce, text = sealing.seal(other, PURPOSE, new.project_id, new.id, key)
            new.authorities.add(name=name, certificate=certificate, nonce=nonce, sealed_key=text)
        await other.tx.put(new)
        return new

    return await call.background.transact(call.cloud, RequestContext(cloud=call.cloud.name), put)
