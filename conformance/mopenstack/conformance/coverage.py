"""Which operations of the contract a run has driven, by tool; from what the clouds said of their answers."""

from pydantic import BaseModel

from mopenstack.conformance.scorecard import Scorecard


class Covered(BaseModel):
    """One declared operation."""

    name: str
    request: str
    """Verb, path, action."""
    tools: dict[str, int]
    """Tool -> answers of success that it got."""

    @property
    def service(self) -> str:
        """The word of the package: compute, network ..."""
        return self.name.split(".")[1]


def coverage(cards: list[Scorecard]) -> list[Covered]:
    """Every declared operation, in the order of services and paths."""
    declared: dict[str, str] = {}
    for card in cards:
        if card.answers:
            declared |= card.answers.declared
    found = [
        Covered(
            name=name,
            request=request,
            tools={
                card.tool: card.answers.driven[name] for card in cards if card.answers and name in card.answers.driven
            },
        )
        for name, request in declared.items()
    ]
    return sorted(found, key=lambda one: (one.service, one.request.split()[1], one.request))
