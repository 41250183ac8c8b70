"""`mopenstack register`: the services, endpoints, user and roles that a service beside real ones needs there."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

import typer

from mopenstack.cli import state
from mopenstack.cli.admin_token import SERVICE_PASSWORD_VARIABLE
from mopenstack.cli.kept_services import contract_of
from mopenstack.cli.output import fail, good, say
from mopenstack.cli.real_clouds import configured
from mopenstack.cli.starting import services_of
from mopenstack.contract.contract import Contract
from mopenstack.contract.service import USUAL
from mopenstack.contract.v1 import annotations_pb2

INTERFACES = ("public", "internal", "admin")
SERVICE_ROLE = "service"
MADE = "Served by mopenstack"
"""Of what is made here, how it is known again: the description of services, and of the user."""
DEFAULT_URL = "http://127.0.0.1:8800"


def register(
    os_cloud: Annotated[str, typer.Option("--os-cloud", help="The cloud of clouds.yaml, with an administrator.")],
    services: Annotated[
        str, typer.Option(help="Which services are served here, as for `mopenstack up` (compute,placement ...).")
    ],
    url: Annotated[
        str | None, typer.Option(help="Where clients reach this mopenstack; else that of the one which runs here.")
    ] = None,
    service_user: Annotated[str, typer.Option("--service-user", help="The user by which it asks Keystone.")] = "nova",
    service_password: Annotated[
        str | None,
        typer.Option(
            "--service-password",
            envvar=SERVICE_PASSWORD_VARIABLE,
            help="The password of that user (as a variable it is in no process list).",
        ),
    ] = None,
    service_project: Annotated[str, typer.Option(help="The project of that user.")] = "service",
    role: Annotated[str, typer.Option(help="What it may do at the other services, beside being one.")] = "admin",
    region: Annotated[str | None, typer.Option(help="Region of the endpoints; else that of clouds.yaml.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take away what an earlier call made.")] = False,
) -> None:
    """Enter services into the catalog of a real cloud, with a user for `mopenstack up --identity`; or take them out.

    Whatever is there already stays, or is set right: the command may be repeated.
    """
    chosen = services_of(services) or ()
    if not chosen or USUAL in chosen or "identity" in chosen:
        raise fail("--services names the services that are served here, without identity: compute,placement ...")
    config = configured(os_cloud)
    apis = [api for api in _apis(contract_of(chosen), chosen) if api.catalog]
    address = (url or _running_url()).rstrip("/")
    from openstack import exceptions
    from openstack.connection import Connection

    try:
        keystone = Registration(Connection(config=config).identity, region or config.get_region_name() or "RegionOne")
        if remove:
            keystone.remove(apis, address, service_user)
            say(f"{good('removed')} from {os_cloud}: {', '.join(api.type for api in apis)}, user {service_user}")
            return
        if not service_password:
            raise fail(f"The user {service_user} needs a password: set {SERVICE_PASSWORD_VARIABLE}.")
        for api in apis:
            keystone.service(api, address)
        keystone.user(service_user, service_password, service_project, (SERVICE_ROLE, role))
    except exceptions.SDKException as error:
        raise fail(f"{os_cloud}: {error}") from None
    auth_url = (config.config.get("auth") or {}).get("auth_url", "URL")
    say(f"{good('registered')} at {os_cloud}: {', '.join(api.type for api in apis)} at {address}, user {service_user}")
    say(f"mopenstack up --services {services} --identity {auth_url} --service-user {service_user}")


def _apis(contract: Contract, chosen: tuple[str, ...]) -> list[annotations_pb2.Api]:
    named = {service.contract for service in contract.services if service.name in chosen}
    return [api for package, api in contract.apis.items() if package in named]


def _running_url() -> str:
    found = state.read()
    return DEFAULT_URL if found is None else found.url


class Registration:
    """What is changed at a Keystone, through openstacksdk's identity proxy."""

    def __init__(self, identity: Any, region: str) -> None:
        self._identity, self._region = identity, region

    def user(self, name: str, password: str, project: str, roles: tuple[str, ...]) -> None:
        """See to it that the user is there with this password, and has these roles in the project."""
        identity = self._identity
        owner = identity.find_project(project, domain_id="default") or identity.create_project(
            name=project, domain_id="default"
        )
        found = identity.find_user(name, domain_id="default")
        if found is None:
            found = identity.create_user(
                name=name, password=password, domain_id="default", default_project_id=owner.id, description=MADE
            )
        elif found.description == MADE:
            identity.update_user(found, password=password)
        for role in dict.fromkeys(roles):
            granted = identity.find_role(role) or identity.create_role(name=role)
            identity.assign_project_role_to_user(owner, found, granted)

    def service(self, api: annotations_pb2.Api, address: str) -> None:
        """See to it that the catalog lists an API at an address, and there alone in this region."""
        identity = self._identity
        if identity.find_region(self._region) is None:
            identity.create_region(id=self._region)
        for entry in api.catalog:
            kind, name = entry.type or api.type, entry.name or api.name
            found = next(iter(identity.services(type=kind)), None)
            url = f"{address}{api.prefix}{entry.path}"
            there = {} if found is None else {one.interface: one for one in self._endpoints(found)}
            others = [one.url for one in there.values() if one.url != url]
            if found is not None and others and found.description != MADE:
                raise fail(f"The catalog has a {kind} service already, at {others[0]}: it stays as it is.")
            if found is None:
                found = identity.create_service(type=kind, name=name, description=MADE)
            for interface in INTERFACES:
                one = there.get(interface)
                if one is None:
                    identity.create_endpoint(service_id=found.id, interface=interface, url=url, region_id=self._region)
                elif one.url != url:
                    identity.update_endpoint(one, url=url)

    def _endpoints(self, service: Any) -> list[Any]:
        found = self._identity.endpoints(service_id=service.id)
        return [one for one in found if one.region_id == self._region]

    def remove(self, apis: list[annotations_pb2.Api], address: str, user: str) -> None:
        """Take away the endpoints of the APIs in the region, the services that are left without, and the user.

        Services and users that were there before stay; of such services, endpoints at other addresses too.
        """
        from openstack import exceptions

        identity = self._identity
        for kind in (entry.type or api.type for api in apis for entry in api.catalog):
            for found in list(identity.services(type=kind)):
                made = found.description == MADE
                for one in self._endpoints(found):
                    if made or one.url.startswith(f"{address}/"):
                        identity.delete_endpoint(one)
                if made and not list(identity.endpoints(service_id=found.id)):
                    identity.delete_service(found)
        with suppress(exceptions.NotFoundException):
            found = identity.find_user(user, domain_id="default")
            if found is not None and found.description == MADE:
                identity.delete_user(found)
