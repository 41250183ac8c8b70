"""The catalog of a token: enabled endpoints of enabled services (keystone.catalog.backends.sql)."""

from __future__ import annotations

import re

from mopenstack.core.engine.call import Call
from mopenstack.core.identity.catalog.endpoint_filters import endpoints_of
from mopenstack.core.identity.catalog.endpoints import address
from mopenstack.identity.v3.auth import tokens_pb2 as pb2
from mopenstack.identity.v3.catalog.endpoints_pb2 import Endpoint
from mopenstack.identity.v3.catalog.services_pb2 import Service

_PLACEHOLDER = re.compile(r"[%$]\((\w+)\)s")


async def catalog(call: Call, user_id: str, project_id: str) -> pb2.Catalog:
    """Services by type with their endpoints; those whose address needs a project only with one. Shared.

    Keystone asks its database for no order, and a client that names no region takes the first endpoint. PostgreSQL
    gives them as they were made (the first region's first), MariaDB and SQLite by their random ids. Here the cloud's
    regions come in their order, so that such a client does the same in every run.
    Source: keystone.catalog.backends.sql (Catalog.get_v3_catalog).
    """
    key = ("catalog", call.context.cloud_url, user_id, project_id)
    return await call.tx.view(key, lambda: _build(call, user_id, project_id))


async def _build(call: Call, user_id: str, project_id: str) -> pb2.Catalog:
    facts = {"user_id": user_id}
    if project_id:
        facts |= {"tenant_id": project_id, "project_id": project_id}
    services = {
        service.id: pb2.CatalogService(id=service.id, type=service.type, name=service.name)
        for service in sorted(await call.tx.scan(Service), key=lambda service: (service.type, service.id))
        if service.enabled
    }
    only = await endpoints_of(call, project_id) if project_id else set()
    place = {region: number for number, region in enumerate(call.cloud.regions)}

    def order(endpoint: Endpoint) -> tuple[int, str]:
        return place.get(endpoint.region_id, len(place)), endpoint.id

    for endpoint in sorted(await call.tx.scan(Endpoint), key=order):
        service = services.get(endpoint.service_id)
        if only and endpoint.id not in only:
            continue
        url = address(call, endpoint)
        if service is None or not endpoint.enabled or not {*_PLACEHOLDER.findall(url)} <= facts.keys():
            continue
        service.endpoints.add(
            id=endpoint.id,
            interface=endpoint.interface,
            region_id=endpoint.region_id,
            region=endpoint.region_id,
            url=_PLACEHOLDER.sub(lambda match: facts[match.group(1)], url),
        )
    # A filtered catalog leaves out what has no endpoint left; a full one does not.
    return pb2.Catalog(services=[service for service in services.values() if service.endpoints or not only])
