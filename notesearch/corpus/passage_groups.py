"""Group the pieces of a note into passages, and choose the piece that a passage speaks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, starmap
from math import inf

from notesearch.records import Role, Section

# A section under so many tokens joins its neighbour even where their roles differ.
_TOO_SHORT_ALONE = 24
# A piece gives a passage its role beside pieces without one that are up to so many times larger.
_MAX_TIMES_SPEAKER = 3
# What a passage of its own costs is 1; these make the cuts fall where a reader would put them.
_CUT_AFTER_LEAD = 2.0
_CUT_IN_SECTION = 0.3
_EMPTY = 0.5
_MAX_PIECES = 100


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a note's text, measured."""

    start: int  # offsets into the note's lines joined by line ends
    end: int
    section: Section
    words: str
    size: int  # in tokens, or more where its length asks for it; at least 1
    leads: bool  # a heading or the like, which goes with what follows

    @property
    def role(self) -> Role | None:
        """The role of the section it is from."""
        return self.section.role


def group_pieces(pieces: Sequence[Piece], room: int) -> list[Sequence[Piece]]:
    """Group neighbours into as few passages as fit, cut where it hurts least, evenly filled."""
    largest = _largest_of_roles(pieces)
    sizes = [piece.size for piece in pieces]
    # What it costs to join each piece with the one before it, and to cut between them.
    section_sizes: Counter[int] = Counter()
    for piece in pieces:
        section_sizes[id(piece.section)] += piece.size
    joining = [0.0, *(_join_cost(*both, section_sizes) for both in pairwise(pieces))]
    cutting = [0.0, *starmap(_cut_cost, pairwise(pieces))]
    # For each number of pieces: what grouping them costs at least, where the last group starts.
    best = [(0.0, 0)]
    for end in range(1, len(pieces) + 1):
        size, joins = 0, 0.0
        least, first = inf, end - 1
        for start in range(end - 1, max(end - _MAX_PIECES, 0) - 1, -1):
            size += sizes[start]
            if start < end - 1:
                joins += joining[start + 1]
                if size > room or joins > 1:
                    break
                if joins and _hides_role(pieces[start:end], largest):
                    break
            gap = 1 - size / room if size < room else 0.0
            cost = best[start][0] + 1 + _EMPTY * gap * gap + joins + cutting[start]
            if cost <= least:
                least, first = cost, start
        best.append((least, first))
    groups = []
    end = len(pieces)
    while end:
        start = best[end][1]
        groups.append(pieces[start:end])
        end = start
    return groups[::-1]


def _join_cost(before: Piece, piece: Piece, section_sizes: Mapping[int, int]) -> float:
    # Sections of different roles stay apart, so that a question can be put to one of them.
    if before.section is piece.section or before.role is piece.role:
        return 0.0
    shorter = min(section_sizes[id(each.section)] for each in (before, piece))
    return shorter / _TOO_SHORT_ALONE


def _largest_of_roles(pieces: Sequence[Piece]) -> dict[Role, Piece]:
    """Return the largest piece of each role that is more than a heading."""
    largest: dict[Role, Piece] = {}
    for piece in pieces:
        role = piece.role
        if role and not piece.leads and (role not in largest or largest[role].size < piece.size):
            largest[role] = piece
    return largest


def _hides_role(pieces: Sequence[Piece], largest: dict[Role, Piece]) -> bool:
    """Return whether a passage would have another role than a largest piece of a role in it."""
    role = speaker_of(pieces).role
    return any(
        piece.role is not role and piece.role and largest.get(piece.role) is piece
        for piece in pieces
    )


def _cut_cost(before: Piece, piece: Piece) -> float:
    if before.leads:
        return _CUT_AFTER_LEAD
    return _CUT_IN_SECTION if before.section is piece.section else 0.0


def speaker_of(pieces: Sequence[Piece]) -> Piece:
    """Return the piece that gives a passage its section and role.

    The largest that has a role, unless it is small beside the largest of all. A heading with
    nothing below it does not count, whatever role it names.
    """
    largest = max(pieces, key=lambda piece: piece.size)
    with_role = [piece for piece in pieces if piece.role and not piece.leads]
    speaker = max(with_role, key=lambda piece: piece.size, default=largest)
    return speaker if _MAX_TIMES_SPEAKER * speaker.size >= largest.size else largest
