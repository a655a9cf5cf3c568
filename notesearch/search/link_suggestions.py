"""Suggest links: pairs of notes that belong together and are not linked yet.

Two notes belong together as far as they are alike in what they mean and in the rare words that
both have. Left out are notes on one paper, copies, the notes of one file, and pages that only list
others.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from notesearch.errors import UsageError
from notesearch.index.snapshot import NoteNames, Snapshot
from notesearch.papers import number_papers
from notesearch.query.filters import Filter
from notesearch.records import NoteKind
from notesearch.search.alike_sentences import AlikeSentence, SentenceWorth, find_alike_sentences
from notesearch.search.compared_notes import compare_notes

# Notes of one field that have nothing to do with each other reach 0.2 by chance; 5 % of the links
# that people wrote connect notes that are less alike than 0.13.
_LEAST_LIKENESS = 0.13
# What is so much alike says the same in nearly the same words.
_COPY = 0.9
# Of each note so many are looked at for the list of all notes.
_LOOKED_AT = 20
# Templates that nobody has filled in share fewer rare words, and nothing else.
_FEWEST_WORDS = 4
_MOST_WORDS = 5  # shared ones that are named

_Pair = tuple[float, int, int]  # how alike two notes are, and their rows
Linked = Mapping[int, Set[int]]  # by the number of a note: those that it has a link with


@dataclass(frozen=True, slots=True)
class LinkSuggestion:
    """Two notes that belong together; the fields are those of the JSON."""

    rank: int  # from 1
    score: float  # how alike they are, from 0 to 1
    words: tuple[str, ...]  # rare ones that both have, those first that tell most
    note: AlikeSentence  # the one that was asked about, else the one whose path is first
    other: AlikeSentence


class SuggestionFinder:
    """Finds pairs among some notes of a snapshot."""

    def __init__(
        self,
        snapshot: Snapshot,
        linked: Linked,
        where: Filter | None,
        *,
        other_folder: bool,
        asked: int | None = None,
    ) -> None:
        """Compare the notes that a filter lets through, and the one that is asked about."""
        self._snapshot = snapshot
        self._linked = linked
        note_of = snapshot.table.note_of
        ids = snapshot.table.passage_ids if where is None else snapshot.passage_ids(where)
        numbers = np.unique(note_of[ids]).astype(np.int64)
        self._may_be = frozenset(numbers.tolist())
        if asked is not None:
            numbers = np.union1d(numbers, [asked])
            if not (note_of == asked).any():
                raise UsageError("there is no text to compare with in that note")
        self._notes = compare_notes(snapshot, numbers)
        self._row_of = {number: row for row, number in enumerate(numbers.tolist())}
        found = snapshot.notes(numbers.tolist())
        self._stored = [found[number] for number in numbers.tolist()]
        places = {one.number: one for one in snapshot.note_names()}
        self._apart = _grouped([places[number] for number in numbers.tolist()], other_folder)
        papers = number_papers(snapshot, self._stored)
        self._papers = np.array([papers[note.note_id] for note in self._stored], np.int64)
        self._never = np.array([self._is_left_out(at) for at in range(len(numbers))], np.bool_)

    def _is_left_out(self, row: int) -> bool:
        is_page = self._stored[row].kind is NoteKind.INDEX_PAGE
        return is_page or int(self._notes.numbers[row]) not in self._may_be

    def of_note(self, number: int, k: int) -> list[LinkSuggestion]:
        """Return the k notes that belong most with one."""
        row = self._row_of[number]
        likeness = next(self._allowed_likeness([row]))
        best = np.argsort(-likeness, kind="stable")
        found = ((float(likeness[at]), row, at) for at in best.tolist())
        return self._described(islice(filter(self._is_suggestion, found), k))

    def of_all(self, k: int) -> list[LinkSuggestion]:
        """Return the k pairs that belong most together, each note in one of them alone.

        Or a few notes that are near many others would fill the list.
        """
        chosen: list[_Pair] = []
        taken: set[int] = set()
        for pair in sorted(self._pairs(), key=lambda pair: (-pair[0], *pair[1:])):
            if len(chosen) == k:
                break
            if taken.isdisjoint(pair[1:]) and self._is_suggestion(pair):
                taken.update(pair[1:])
                chosen.append(pair)
        return self._described(chosen)

    def _pairs(self) -> Iterator[_Pair]:
        """Yield for each note the pairs with those behind it that it is most like."""
        rows = np.flatnonzero(~self._never).tolist()
        for row, likeness in zip(rows, self._allowed_likeness(rows), strict=True):
            likeness[: row + 1] = 0
            most = min(_LOOKED_AT, len(likeness))
            best = np.argpartition(-likeness, most - 1)[:most]
            for at in best[likeness[best] >= _LEAST_LIKENESS].tolist():
                yield float(likeness[at]), *self._in_order(row, at)

    def _allowed_likeness(self, rows: Sequence[int]) -> Iterator[NDArray[np.float64]]:
        """Yield how like each of some notes all are, 0 for those that are no suggestion for it."""
        for row, likeness in zip(rows, self._notes.likeness(rows), strict=True):
            likeness[self._never] = 0
            likeness[self._apart == self._apart[row]] = 0
            likeness[self._papers == self._papers[row]] = 0
            linked = self._linked.get(int(self._notes.numbers[row]), ())
            likeness[[self._row_of[one] for one in linked if one in self._row_of]] = 0
            yield likeness

    def _is_suggestion(self, pair: _Pair) -> bool:
        """Return whether two notes are alike by more than chance, and are no copies."""
        likeness, row, other = pair
        return (
            _LEAST_LIKENESS <= likeness < _COPY
            and len(self._notes.words.of_both(row, other, _FEWEST_WORDS)) == _FEWEST_WORDS
            and not self._notes.have_same_text(row, other)
        )

    def _in_order(self, row: int, other: int) -> tuple[int, int]:
        return (row, other) if self._place(row) <= self._place(other) else (other, row)

    def _place(self, row: int) -> tuple[str, int]:
        return self._stored[row].path, self._stored[row].line_start

    def _described(self, chosen: Iterable[_Pair]) -> list[LinkSuggestion]:
        notes = self._notes
        worth = SentenceWorth(notes.words.rarity, notes.common_lines)
        found = []
        for rank, (likeness, row, other) in enumerate(chosen, start=1):
            one, two = find_alike_sentences(
                self._snapshot, notes.passage_ids[row], notes.passage_ids[other], worth
            )
            words = tuple(notes.words.of_both(row, other, _MOST_WORDS))
            found.append(LinkSuggestion(rank, likeness, words, one, two))
        return found


def _grouped(places: Sequence[NoteNames], by_folder: bool) -> NDArray[np.int64]:
    """Number the notes by their files, or by their folders."""
    names = [
        (one.index_name, posixpath.dirname(one.path) if by_folder else one.path) for one in places
    ]
    numbers = {name: at for at, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], np.int64)
