"""What Horizon's operator sets: it lies in its environment as openstack_dashboard/local/local_settings.py.

The dashboard is for the cloud whose Keystone MOPENSTACK_HORIZON_KEYSTONE names.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openstack_dashboard import settings

KEYSTONE = os.environ.get("MOPENSTACK_HORIZON_KEYSTONE", "http://127.0.0.1:9/identity/v3")

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
COMPRESS_OFFLINE = True
STATIC_ROOT = str(Path(settings.ROOT_PATH).parent / "static")


def merge_slashes(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Take `/static//name` for `/static/name`, as Apache and nginx do: pages of Horizon ask for such names."""

    def respond(request: Any) -> Any:
        request.path_info = re.sub("/{2,}", "/", request.path_info)
        return get_response(request)

    return respond


# What a web server in front of Horizon does otherwise.
MIDDLEWARE = (
    "local.local_settings.merge_slashes",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    *settings.MIDDLEWARE,
)
SECRET_KEY = os.environ.get("MOPENSTACK_HORIZON_SECRET", "of no dashboard, for what is made at its installation")
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
OPENSTACK_KEYSTONE_URL = KEYSTONE
# To Horizon a region of the sign-in is a Keystone: here the same one by two names of its machine.
AVAILABLE_REGIONS = [(KEYSTONE, "First"), (KEYSTONE.replace("127.0.0.1", "localhost"), "Second")]
# Users of Keystone sign in beside those of an identity provider.
WEBSSO_ENABLED = True
WEBSSO_CHOICES = (("credentials", "Keystone Credentials"), ("openid", "OpenID Connect"))
TIME_ZONE = "UTC"
