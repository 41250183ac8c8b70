"""Clouds of `clouds.yaml`, by openstacksdk: it is an extra, and loaded where it is used."""

from __future__ import annotations

import ssl
from typing import Any

from mopenstack.cli.output import fail


def configured(name: str) -> Any:
    """An entry of clouds.yaml (openstack.config.CloudRegion); ends the command where there is none."""
    found = _configuration()
    from openstack import exceptions

    try:
        return found.get_one(cloud=name)
    except (exceptions.ConfigException, OSError, ValueError) as error:
        raise fail(f"clouds.yaml: {error}") from None


def _configuration() -> Any:
    """What clouds.yaml says (openstack.config.OpenStackConfig); ends the command where it cannot be read."""
    try:
        from openstack import config, exceptions
    except ModuleNotFoundError:
        raise fail("Real clouds need openstacksdk: pip install 'mopenstack[real]'") from None
    try:
        return config.OpenStackConfig()
    except (exceptions.ConfigException, OSError, ValueError) as error:
        raise fail(f"clouds.yaml: {error}") from None


def of_settings(auth: dict[str, str]) -> Any:
    """A cloud that no file names, by the settings of its authentication."""
    from openstack import config

    found = config.OpenStackConfig(config_files=[], secure_files=[], vendor_files=[], load_envvars=False)
    return found.get_one(auth=auth, auth_type="password")


def auth_url_of(config: Any) -> str:
    """Keystone's address."""
    url = str((config.config.get("auth") or {}).get("auth_url") or "")
    if not url.startswith(("http://", "https://")):
        raise fail(f"clouds.yaml: {config.name} has no auth_url")
    return url.rstrip("/")


def trust_of(config: Any) -> ssl.SSLContext | bool:
    """Whom to trust as the cloud, and the certificate that is shown to it; False: everyone."""
    verify, cert = config.get_requests_verify_args()
    if verify is False and not cert:
        return False
    try:
        context = ssl.create_default_context(cafile=verify if isinstance(verify, str) else None)
        if verify is False:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if cert:
            context.load_cert_chain(*((cert,) if isinstance(cert, str) else cert))
    except (OSError, ssl.SSLError) as error:
        raise fail(f"clouds.yaml: the certificates of {config.name}: {error}") from None
    return context
