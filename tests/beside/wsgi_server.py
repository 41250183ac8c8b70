"""Serve a WSGI application with gunicorn, in the environment of a real service: MODULE:NAME HOST:PORT.

One worker with one thread: a Keystone on SQLite, as its issue asks. The services read `sys.argv` for options of their
own, so gunicorn gets its settings another way.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-not-found, import-untyped, unused-ignore]  # of that environment

SETTINGS = {"workers": 1, "threads": 1, "worker_class": "sync", "timeout": 300, "control_socket_disable": True}


class Server(BaseApplication):  # type: ignore[misc, unused-ignore]
    """One application at one address."""

    def __init__(self, application: str, address: str) -> None:
        self._application, self._address = application, address
        super().__init__()

    def load_config(self) -> None:
        """Take over the settings."""
        for name, value in {"bind": self._address, **SETTINGS}.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Import the application, in the worker."""
        module, _, name = self._application.partition(":")
        return getattr(importlib.import_module(module), name)


if __name__ == "__main__":
    application, address = sys.argv[1:]
    del sys.argv[1:]
    Server(application, address).run()
