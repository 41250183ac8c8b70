"""What is done to a request, and to its JSON, to see who did not expect it. Everything is drawn from one generator."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fuzz import http_values, trees, values
from fuzz.shots import Damage, Shot

DAMAGES_MAX = 3


@dataclass(frozen=True, slots=True)
class Mutator:
    """Changes shots. `words` is the vocabulary of the shot's service, `bodies` the bodies of its other requests."""

    generator: random.Random
    words: Sequence[str]
    bodies: Sequence[Any]

    def mutate(self, shot: Shot) -> Shot:
        """One to three changes of a request."""
        for _ in range(self.generator.choice((1, 1, 1, 2, 3))):
            kinds, weights = zip(*self._kinds(shot), strict=True)
            shot = self.generator.choices(kinds, weights)[0](shot)
        return shot

    def _kinds(self, shot: Shot) -> list[tuple[Callable[[Shot], Shot], int]]:
        has_json = shot.body is not None and shot.body[:1] in "{["
        return [
            (self.change_json, 60 if has_json else 0),
            (self.change_text, 8 if shot.body is not None else 0),
            (self.give_body, 1 if shot.body is not None else 4),
            (self.change_query, 25 if shot.verb == "GET" else 6),
            (self.change_path, 15),
            (self.change_header, 15),
            (self.change_verb, 3),
            (self.change_framing, 5),
            (self.pipeline, 2),
            (self.damage, 3),
        ]

    def change_json(self, shot: Shot) -> Shot:
        """Another value, key or shape somewhere in the body."""
        try:
            body = trees.parsed(shot.body or "")
        except ValueError:
            return self.change_text(shot)
        return replace(shot, body=trees.text_of(self._changed(body)))

    def _changed(self, body: Any) -> Any:
        draw = self.generator
        places = list(trees.places(body))
        inner = [place for place in places if len(place) > 1] or places
        place = draw.choice(inner if draw.random() < 0.9 else places)
        value = trees.at(body, place)
        kind = draw.randrange(10)
        if kind < 4 or not place:
            return trees.put(body, place, self._value(value))
        if kind == 4:
            return trees.dropped(body, place)
        if kind == 5:
            other = draw.choice(places)
            return trees.put(body, place, trees.at(body, other))
        if kind == 6 and self.bodies:
            other_body = draw.choice(self.bodies)
            source = draw.choice(list(trees.places(other_body)))
            return trees.put(body, place, trees.at(other_body, source))
        if kind == 7:
            parents = [one for one in places if isinstance(trees.at(body, one), dict)]
            if parents:
                parent = draw.choice(parents)
                key = draw.choice(self.words) if self.words and draw.random() < 0.8 else values.odd_text(draw)
                return trees.put(body, (*parent, key), self._value(None))
        if kind == 8:
            return trees.put(body, place, values.wrapped(draw, value))
        return trees.put(body, place, values.near(draw, value))

    def _value(self, value: Any) -> Any:
        draw = self.generator
        if self.words and draw.random() < 0.1:
            return draw.choice(self.words)
        return values.near(draw, value) if draw.random() < 0.3 else values.odd(draw)

    def change_text(self, shot: Shot) -> Shot:
        """A body that is not quite JSON, or not in UTF-8."""
        return replace(shot, body=values.broken_json(self.generator, shot.body or ""))

    def give_body(self, shot: Shot) -> Shot:
        """Any body where another, or none, is expected."""
        body = trees.text_of(self.generator.choice(self.bodies)) if self.bodies else "{}"
        return replace(shot, body=body, headers=_with(shot.headers, "Content-Type", "application/json"))

    def change_query(self, shot: Shot) -> Shot:
        """A parameter more, less, twice or with an odd value."""
        draw, pieces = self.generator, list(shot.query)
        kind = draw.randrange(5)
        if kind == 0 and pieces:
            pieces.append(draw.choice(pieces))
        elif kind == 1 and pieces:
            name = draw.choice(pieces).partition("=")[0]
            pieces.append(f"{name}={values.odd_query(draw)}")
        elif kind == 2:
            pieces.append(draw.choice(values.PIECES))
        elif kind == 3 and pieces:
            pieces.remove(draw.choice(pieces))
        else:
            name = draw.choice(self.words) if self.words and draw.random() < 0.5 else draw.choice(values.PARAMETERS)
            pieces.append(f"{name}={values.odd_query(draw)}")
        return replace(shot, query=tuple(pieces))

    def change_path(self, shot: Shot) -> Shot:
        """Another segment, another way to write it, or another form of the target."""
        draw, segments = self.generator, shot.path.split("/")
        place = draw.randrange(1, len(segments))
        kind = draw.randrange(6)
        if kind < 3:
            segments[max(place, min(3, len(segments) - 1))] = draw.choice(values.SEGMENTS)
        elif kind == 3:
            segments.insert(place, draw.choice(("", ".", "..", "%2e%2e", "{{member.project}}")))
        elif kind == 4:
            segments[-1] += draw.choice(("/", ".json", "%0A", "%00", ";x=1", "%2F", "?", "#x", "%", "%zz", "é"))
        else:
            segments[place] = segments[place].upper()
        return replace(shot, path="/".join(segments))

    def change_header(self, shot: Shot) -> Shot:
        """Another, second, missing or odd header."""
        draw, headers = self.generator, list(shot.headers)
        kind = draw.randrange(4)
        if kind == 0 and headers:
            headers.remove(draw.choice(headers))
        elif kind == 1 and headers:
            name, _ = draw.choice(headers)
            headers.append((name, draw.choice(http_values.HEADER_TEXTS)))
        elif kind == 2:
            headers = list(_with(tuple(headers), "OpenStack-API-Version", http_values.version(draw)))
        else:
            headers.append(draw.choice(http_values.HEADERS))
        return replace(shot, headers=tuple(headers))

    def change_verb(self, shot: Shot) -> Shot:
        """Another verb."""
        return replace(shot, verb=self.generator.choice(http_values.VERBS))

    def change_framing(self, shot: Shot) -> Shot:
        """Chunks, a body without its length, another version of HTTP."""
        draw = self.generator
        kind = draw.randrange(6)
        if kind < 3:
            return replace(shot, framing="chunked")
        if kind == 3:
            return replace(shot, headers=(*shot.headers, draw.choice(http_values.FRAMINGS)))
        if kind == 4:
            return replace(shot, newline=draw.choice(("\n", "\r", "\r\n ")), damage=(Damage("insert", 1.0, ""),))
        return replace(shot, version=draw.choice(("HTTP/1.0", "HTTP/1.0", "HTTP/2.0", "HTTP/1.2", "", "http/1.1")))

    def pipeline(self, shot: Shot) -> Shot:
        """Requests on its heels."""
        return replace(shot, pipelined=self.generator.randrange(1, 6))

    def damage(self, shot: Shot) -> Shot:
        """Bytes of the wire lost, changed, added, or the end cut off."""
        draw = self.generator
        hows = ("cut", "flip", "flip", "insert", "remove")
        count = draw.randrange(1, DAMAGES_MAX + 1)
        damages = tuple(
            Damage(draw.choice(hows), draw.random() ** 2, draw.choice(http_values.BYTES)) for _ in range(count)
        )
        return replace(shot, damage=damages)


def _with(headers: tuple[tuple[str, str], ...], name: str, value: str) -> tuple[tuple[str, str], ...]:
    return (*((key, text) for key, text in headers if key.lower() != name.lower()), (name, value))
