"""Where Barbican's operators choose, and a user of a mock cloud may."""

from __future__ import annotations

from mopenstack.core.engine.options import Option, switch

ENFORCE_NEW_DEFAULTS = switch(
    "key_manager.enforce_new_defaults",
    False,
    "Whether the policies of 2021 hold (barbican.conf, [oslo_policy]): members do what their project owns. Without it, "
    "as Barbican is shipped, the roles creator, observer and audit decide, and a plain member may do nothing.",
)
SECRET_STORES = Option(
    "key_manager.secret_stores",
    "one",
    "How many secret stores there are. one: multiple stores are not enabled, as Barbican is shipped, and "
    "/v1/secret-stores is 404. two: Software Only Crypto, the default, and KMIP HSM, which projects may prefer.",
    ("one", "two"),
)
