"""What an operator of Heat chooses in heat.conf."""

from __future__ import annotations

from mopenstack.core.engine.options import switch

STACK_ABANDON = switch(
    "orchestration.enable_stack_abandon",
    False,
    "Whether stacks can be abandoned and exported (heat.conf, enable_stack_abandon).",
)
STACK_ADOPT = switch(
    "orchestration.enable_stack_adopt",
    False,
    "Whether stacks can be made of what an abandoned one left (heat.conf, enable_stack_adopt).",
)
