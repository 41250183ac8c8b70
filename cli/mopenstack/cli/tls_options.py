"""The options of `mopenstack up` about HTTPS; the certificates are looked at by tls.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mopenstack.cli.output import fail


def chosen_tls(cert: Path | None, key: Path | None, client_ca: Path | None) -> Any:
    """What the options of a certificate say, or None; ends the command where they say nothing that can be used."""
    if cert is None and key is None:
        if client_ca is not None:
            raise fail("--tls-client-ca says whose clients to trust: it needs --tls-cert and --tls-key.")
        return None
    if cert is None or key is None:
        raise fail("A certificate and its key belong together: give both --tls-cert and --tls-key.")
    from mopenstack.cli.tls import BadCertificate, Tls

    tls = Tls(cert, key, client_ca)
    try:
        tls.context()
    except BadCertificate as error:
        raise fail(f"{error}.") from None
    return tls
