"""Neutron's resources that are part of another one."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import Message

from mopenstack.core.engine.children import ChildServicer
from mopenstack.core.network.base import NeutronResource

M = TypeVar("M", bound=Message)


class SubResource(ChildServicer[M], NeutronResource[M]):
    """A child with Neutron's lists."""
