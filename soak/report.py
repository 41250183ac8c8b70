"""What a run did and found, as text."""

from __future__ import annotations

from collections.abc import Sequence

from soak.soak import Outcome

SHOWN_MAX = 20
"""Faults that are shown of each shape."""
SLOW_SHOWN_MAX = 10
"""Answers over 1 s that are shown of each shape, the slowest ones."""


def report(seed: int, outcomes: Sequence[Outcome]) -> str:
    """Counts of each shape; all that is wrong, with the seed that drew it."""
    lines = []
    for outcome in outcomes:
        rounds = ", ".join(f"{name} {count}" for name, count in sorted(outcome.rounds.items()))
        answers = ", ".join(f"{name} {count}" for name, count in sorted(outcome.answers.items()))
        gaps = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in sorted(outcome.gaps.items()))
        lines += [
            f"{outcome.shape}: {sum(outcome.rounds.values())} rounds ({rounds})",
            f"  {outcome.writes} writes ({answers}); of those without an answer {outcome.settled}",
            f"  {outcome.objects} objects at the end",
            f"  longest times without an acknowledged write: {gaps or 'none'}",
            f"  {len(outcome.slow)} answers over 1 s while nothing was taken away, the slowest {outcome.slowest:.2f} s",
        ]
        lines += [f"    {text}" for text in sorted(outcome.slow, reverse=True)[:SLOW_SHOWN_MAX]]
        lines += [f"  WRONG {text}" for text in outcome.wrong[:SHOWN_MAX]]
        if len(outcome.wrong) > SHOWN_MAX:
            lines.append(f"  and {len(outcome.wrong) - SHOWN_MAX} more")
    lines.append(f"seed {seed}: {sum(len(outcome.wrong) for outcome in outcomes)} faults")
    return "\n".join(lines)
