"""Put together what the page of a comparison shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from notesearch.records import Role, place_in
from notesearch.render.comparisons import describe_pairs, describe_side, marked, reason, role_name
from notesearch.render.terminal import printable
from notesearch.search.compared_sides import Side
from notesearch.search.comparison import Comparison, Said
from notesearch.search.snippets import Piece
from notesearch.web.addresses import note_address
from notesearch.web.views import Link


@dataclass(frozen=True, slots=True)
class SaidView:
    """A sentence of a side: its place, which leads to its note, and its words."""

    place: str
    address: str
    text: Sequence[Piece]
    role: str  # where its section is for something else than the pair


def comparison_context(found: Comparison) -> dict[str, Any]:
    """Return what the template of a comparison is filled in with."""
    return {
        "sides": [_side(found.a), _side(found.b)],
        "what": describe_pairs(found),
        "both": [
            (
                role_name(role),
                [
                    (
                        _view(pair.a, pair.words, role),
                        _view(pair.b, pair.words, role),
                        reason(pair),
                    )
                    for pair in pairs
                ],
            )
            for role, pairs in groupby(found.both, key=lambda pair: pair.role)
        ],
        "alone": [("Only A", _by_role(found.only_a)), ("Only B", _by_role(found.only_b))],
    }


def _side(side: Side) -> tuple[str, str, list[Link]]:
    links = [Link(printable(note.path), note_address(note.note_id)) for note in side.notes]
    return printable(side.name), printable(describe_side(side)), links


def _by_role(listed: Sequence[Said]) -> list[tuple[str, list[SaidView]]]:
    return [
        (role_name(role), [_view(said, (), role) for said in several])
        for role, several in groupby(listed, key=lambda said: said.role)
    ]


def _view(said: Said, words: Sequence[str], role: Role | None) -> SaidView:
    first, last = said.line_start, said.line_end
    lines = f"{first}-{last}" if last > first else str(first)
    return SaidView(
        place=place_in(printable(said.hit.path), first, last),
        address=note_address(said.hit.note_id, lines),
        text=marked(said, words),
        role=f"in {role_name(said.role)}" if said.role not in (role, None) else "",
    )
