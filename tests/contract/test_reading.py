"""The contract is read once, whoever asks for it first."""

from __future__ import annotations

import threading
import time
from functools import cache
from typing import Any

import pytest

from mopenstack.contract import contract as module


def test_threads_that_ask_at_once_get_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []

    def slowly(services: Any) -> object:
        time.sleep(0.05)  # the others ask meanwhile
        made.append(object())
        return made[-1]

    monkeypatch.setattr(module, "Contract", slowly)
    monkeypatch.setattr(module, "_contract", cache(module._contract.__wrapped__))
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(module.contract(["identity"]))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == made * 4
