"""Where Glance's operators choose, and a user of a mock cloud may."""

from __future__ import annotations

from mopenstack.core.engine.options import Option, switch

FORMAT_MATCH = switch(
    "image.require_image_format_match",
    True,
    "Refuse bytes that are not of the image's disk_format (glance-api.conf, [image_format]). Tempest, whose tests "
    "upload random bytes as qcow2, needs false.",
)
KEYSTONE_LIMITS = switch(
    "image.use_keystone_limits",
    False,
    "Hold projects to Keystone's unified limits image_count_total, image_size_total, image_stage_total and "
    "image_count_uploading (glance-api.conf); a limit that is not registered is 0, as oslo.limit has it.",
)
WEB_DOWNLOAD = Option(
    "image.web_download",
    "fetch",
    "What the import method web-download does. fetch: the address is fetched, and the import fails where it cannot "
    "be. stand-in: nothing is fetched, the image gets a KiB of its format; for work without a network. "
    "fetch-or-stand-in: a stand-in where the host cannot be reached.",
    ("fetch", "stand-in", "fetch-or-stand-in"),
)
WEB_DOWNLOAD_HOSTS = Option(
    "image.web_download_hosts",
    "",
    "Hosts (names or addresses, by commas) that web-download may reach on any port, loopback ones included. "
    "Others are reached on ports 80 and 443, and never on this machine, as Glance's filter has it.",
)
