"""Answer what a search asks from several indexes as if their notes were in one.

Passages and notes of the second index are numbered behind those of the first, and so on. How rare a
word is and how long a text is on average are counted over all of them: so the scores are those
that one index of all these notes would give. Notes, paths and ids begin with the name of their
index and a colon.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from notesearch.index.bm25 import best_of_notes, score_counts, score_phrase
from notesearch.index.snapshot import (
    Asked,
    ColumnWeights,
    Matches,
    Nearest,
    NewTexts,
    NoteNames,
    PassageTable,
    Snapshot,
    StoredNote,
    StoredPassage,
    TagCount,
)
from notesearch.query.filters import Filter, LinkedFrom, LinksTo, with_leaves
from notesearch.records import NoteLink, Passage


class CountedSnapshot(Snapshot, Protocol):
    """A generation of an index whose words can be scored together with those of others."""

    def word_counts(self, word: str, weights: ColumnWeights) -> tuple[Matches, Matches] | None:
        """Count how often passages and notes have a word; None for what is no single word."""

    def phrase_counts(self, words: Sequence[str], weights: ColumnWeights) -> Matches:
        """Count how often passages have words side by side."""


class JoinedSnapshot:
    """One generation of each of several indexes, by their names.

    `snapshot.Snapshot` says what each method gives.
    """

    def __init__(self, parts: Mapping[str, CountedSnapshot]) -> None:
        self._names = tuple(parts)
        self._parts = tuple(parts.values())
        tables = [part.table for part in self._parts]
        # What is added to a number of each index, and behind the last what no number reaches.
        self._passages = np.cumsum([0, *(len(table.note_of) for table in tables)])
        self._notes = np.cumsum([0, *(len(table.passages_of) for table in tables)])

    @property
    def stamp(self) -> str:
        """A name of the contents."""
        return " ".join(part.stamp for part in self._parts)

    @property
    def embedder(self) -> str:
        """The fingerprints of the models that made the vectors; one, where they compare."""
        return " ".join(sorted({part.embedder for part in self._parts}))

    @property
    def probe_cosines(self) -> tuple[float, ...]:
        """The cosine of the nearest passage of all; none where an index does not know its own."""
        filled = [part.probe_cosines for part in self._parts if part.table.passage_ids.size]
        return tuple(map(max, zip(*filled, strict=False)))

    @cached_property
    def table(self) -> PassageTable:
        """The passages and notes there are, by number."""
        tables = [part.table for part in self._parts]
        passage_ids = [t.passage_ids + at for t, at in zip(tables, self._passages, strict=False)]
        owners = [
            np.where(t.note_of > 0, t.note_of + at, 0)
            for t, at in zip(tables, self._notes, strict=False)
        ]
        return PassageTable(
            note_of=np.concatenate(owners).astype(np.int32),
            passage_lengths=np.concatenate([t.passage_lengths for t in tables]),
            note_lengths=np.concatenate([t.note_lengths for t in tables]),
            passages_of=np.concatenate([t.passages_of for t in tables]),
            passage_ids=np.concatenate(passage_ids),
            passages=sum(t.passages for t in tables),
            notes=sum(t.notes for t in tables),
            tokens=sum(t.tokens for t in tables),
        )

    def narrowed(self, asked: Asked) -> JoinedSnapshot:
        """Return itself: all passages are at hand."""
        return self

    @property
    def background(self) -> None:
        """None: all passages are here."""

    @property
    def note_count(self) -> int:
        """How many notes have any text."""
        return self.table.notes

    # ------------------------------------------------------------ which passages

    def passage_ids(self, where: Filter) -> NDArray[np.int64]:
        """Return the passages that a filter lets through."""
        return self._joined(lambda name, part: part.passage_ids(_own(name, where)))

    def passages_with_phrase(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Return the passages that have the words side by side."""
        return self._joined(lambda _, part: part.passages_with_phrase(words))

    def passages_in(self, notes: Sequence[int]) -> NDArray[np.int64]:
        """Return the passages of some notes."""
        return np.concatenate(
            [
                part.passages_in(numbers.tolist()) + at
                for part, at, numbers in self._each(self._notes, notes, self._passages)
            ]
        )

    def notes_of(self, passage_ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the notes that passages are from."""
        return self.table.note_of[passage_ids]

    def _joined(
        self, ask: Callable[[str, CountedSnapshot], NDArray[np.int64]]
    ) -> NDArray[np.int64]:
        parts = zip(self._names, self._parts, self._passages, strict=False)
        return np.concatenate([ask(name, part) + at for name, part, at in parts])

    def _each(
        self,
        bounds: NDArray[np.int64],
        numbers: Sequence[int] | NDArray[np.int64],
        into: NDArray[np.int64],
    ) -> Iterable[tuple[CountedSnapshot, int, NDArray[np.int64]]]:
        """Yield each index, what to add to numbers that it gives, and its own of some numbers."""
        given = np.asarray(numbers, dtype=np.int64)
        for place, part in enumerate(self._parts):
            own = given[(given >= bounds[place]) & (given < bounds[place + 1])]
            yield part, int(into[place]), own - bounds[place]

    # ------------------------------------------------------------ how near, and how much they say

    def require_embedder(self, fingerprint: str) -> None:
        """Raise MismatchError when the vectors of one of them are another model's."""
        for part in self._parts:
            part.require_embedder(fingerprint)

    def nearest(
        self, query: NDArray[np.float32], k: int, allowed_ids: NDArray[np.int64] | None = None
    ) -> Nearest:
        """Return the k allowed passages of greatest cosine, best first."""
        found = []
        if allowed_ids is None:
            for part, at in zip(self._parts, self._passages, strict=False):
                near = part.nearest(query, k)
                found.append(Nearest(near.ids + at, near.cosines))
        else:
            for part, at, own in self._each(self._passages, allowed_ids, self._passages):
                near = part.nearest(query, min(k, len(own)), own) if len(own) else _NONE
                found.append(Nearest(near.ids + at, near.cosines))
        ids = np.concatenate([near.ids for near in found])
        cosines = np.concatenate([near.cosines for near in found])
        best = np.lexsort((ids, -cosines))[:k]
        return Nearest(ids[best], cosines[best])

    def cosines(
        self, query: NDArray[np.float32], passage_ids: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return the cosines of some passages, ascending."""
        each = self._each(self._passages, passage_ids, self._passages)
        return np.concatenate([part.cosines(query, own) for part, _, own in each])

    def vectors_of(self, passage_ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the vectors of passages in their order."""
        given = np.asarray(passage_ids, dtype=np.int64)
        by_id: dict[int, NDArray[np.float32]] = {}
        for part, at, own in self._each(self._passages, given, self._passages):
            if own.size:
                vectors = part.vectors_of(own.tolist())
                by_id.update(zip((own + at).tolist(), vectors, strict=True))
        return np.stack([by_id[number] for number in given.tolist()])

    def known_words(self, words: Sequence[str]) -> set[str]:
        """Return those of some words, of letters alone, that one of the indexes has."""
        return set().union(*(part.known_words(words) for part in self._parts))

    def word_scores(self, word: str, weights: ColumnWeights) -> tuple[Matches, Matches]:
        """Score every passage and every note that has a word."""
        counted = [part.word_counts(word, weights) for part in self._parts]
        if any(one is None for one in counted):  # no single word
            return self.phrase_scores([word], weights)
        having = [one for one in counted if one is not None]
        passages = self._shifted([one[0] for one in having], self._passages)
        notes = self._shifted([one[1] for one in having], self._notes)
        return score_counts(passages, notes, self.table)

    def phrase_scores(
        self, words: Sequence[str], weights: ColumnWeights
    ) -> tuple[Matches, Matches]:
        """Score every passage that has the words side by side; a note as its best passage."""
        counted = [part.phrase_counts(words, weights) for part in self._parts]
        passages = score_phrase(self._shifted(counted, self._passages), self.table)
        return passages, best_of_notes(passages, self.table)

    @staticmethod
    def _shifted(parts: Sequence[Matches], bounds: NDArray[np.int64]) -> Matches:
        ids = [one.ids + at for one, at in zip(parts, bounds, strict=False)]
        return Matches(np.concatenate(ids), np.concatenate([one.scores for one in parts]))

    def acronyms(self, words: Sequence[str], phrases: Sequence[str]) -> list[tuple[str, str]]:
        """Return acronyms with their long forms: of the words, or for the phrases."""
        found = [pair for part in self._parts for pair in part.acronyms(words, phrases)]
        return [pair for pair, _ in Counter(found).most_common()]

    # ------------------------------------------------------------ what they are

    def passages(self, passage_ids: Sequence[int]) -> list[StoredPassage]:
        """Return passages with their notes, in the order in which the numbers are given."""
        found: dict[int, StoredPassage] = {}
        each = self._each(self._passages, passage_ids, self._passages)
        for name, (part, at, own) in zip(self._names, each, strict=True):
            for stored in part.passages(own.tolist()) if own.size else ():
                found[stored.id + at] = _named_passage(name, stored, at)
        return [found[number] for number in map(int, passage_ids)]

    def notes(self, numbers: Sequence[int]) -> dict[int, StoredNote]:
        """Return notes by their numbers."""
        each = self._each(self._notes, numbers, self._notes)
        return {
            number + at: _named_note(name, note)
            for name, (part, at, own) in zip(self._names, each, strict=True)
            for number, note in (part.notes(own.tolist()) if own.size else {}).items()
        }

    def find_notes(self, name: str, by: str = "note_id") -> dict[int, StoredNote]:
        """Return the notes of a name, with or without that of its index before it."""
        found: dict[int, StoredNote] = {}
        for index, part, at in zip(self._names, self._parts, self._notes, strict=False):
            own = name.removeprefix(f"{index}:")
            for number, note in part.find_notes(own, by).items():
                found[number + int(at)] = _named_note(index, note)
        exact = {n: note for n, note in found.items() if name in (note.note_id, note.path)}
        return exact or found

    def note_names(self) -> list[NoteNames]:
        """Return what all notes are called."""
        return [
            note._replace(
                number=note.number + int(at), index_name=name, note_id=f"{name}:{note.note_id}"
            )
            for name, part, at in zip(self._names, self._parts, self._notes, strict=False)
            for note in part.note_names()
        ]

    def note_links(self) -> list[tuple[int, NoteLink]]:
        """Return the links of all notes, as they are written, each with the number of its note."""
        return [
            (number + int(at), link)
            for part, at in zip(self._parts, self._notes, strict=False)
            for number, link in part.note_links()
        ]

    def new_texts(self, after_s: Sequence[int]) -> NewTexts:
        """Return what was first seen after a time of its own in each index."""
        parts = [part.new_texts([after]) for part, after in zip(self._parts, after_s, strict=True)]
        passages = [
            {number + int(at): part for number, part in one.passages.items()}
            for one, at in zip(parts, self._passages, strict=False)
        ]
        notes = [
            {number + int(at) for number in one.notes}
            for one, at in zip(parts, self._notes, strict=False)
        ]
        return NewTexts(
            {number: part for of_index in passages for number, part in of_index.items()},
            frozenset().union(*notes),
            sum(one.deleted for one in parts),
        )

    def list_notes(self, where: Filter | None, limit: int) -> list[StoredNote]:
        """Return the notes of which a filter lets something through, the newest first."""
        found = [
            _named_note(name, note)
            for name, part in zip(self._names, self._parts, strict=True)
            for note in part.list_notes(where and _own(name, where), limit)
        ]
        return _newest_first(found)[:limit]

    def newest(self, notes: Sequence[int], limit: int) -> list[int]:
        """Return the newest of some notes in the order of `list_notes`."""
        chosen: list[int] = []
        for part, at, own in self._each(self._notes, notes, self._notes):
            chosen += [number + at for number in part.newest(own.tolist(), limit)]
        found = self.notes(chosen)
        in_order = _newest_first(list(found.values()))
        numbers = {note.note_id: number for number, note in found.items()}
        return [numbers[note.note_id] for note in in_order[:limit]]

    def passages_of_note(self, note: int) -> list[StoredPassage]:
        """Return the passages of a note, in the order of the note."""
        return self.passages(self.passages_in([note]).tolist())

    def tags(self, where: Filter | None = None) -> list[TagCount]:
        """Count the notes of each tag, the commonest first."""
        found: dict[str, TagCount] = {}
        parts = zip(self._names, self._parts, strict=True)
        counted = [part.tags(where and _own(name, where)) for name, part in parts]
        for tag in (tag for tags in counted for tag in tags):
            known = found.get(tag.normal)
            if known is None:
                found[tag.normal] = tag
            else:
                more = tag if tag.notes > known.notes else known
                folder = tag.folder and known.folder
                found[tag.normal] = replace(more, folder=folder, notes=tag.notes + known.notes)
        return sorted(found.values(), key=lambda tag: (-tag.notes, tag.normal))

    def has_tag(self, normal: str) -> bool:
        """Return whether a note has a tag, in its normal form, or one below it."""
        return any(part.has_tag(normal) for part in self._parts)


_NONE = Nearest(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))


def _own(index: str, where: Filter) -> Filter:
    """Return a filter as one of the indexes is asked it: there, notes go by their own ids."""

    def own(leaf: Filter) -> Filter:
        if not isinstance(leaf, LinksTo | LinkedFrom) or leaf.found is None:
            return leaf
        before = f"{index}:"
        ids = (one.removeprefix(before) for one in leaf.found if one.startswith(before))
        return replace(leaf, found=tuple(ids))

    return with_leaves(where, own)


def _named_note(index: str, note: StoredNote) -> StoredNote:
    return replace(note, note_id=f"{index}:{note.note_id}", path=f"{index}:{note.path}")


def _named_passage(index: str, stored: StoredPassage, at: int) -> StoredPassage:
    note, passage = _named_note(index, stored.note), stored.passage
    # Two indexes may hold the same file: its passages have the same ids there.
    named: Passage = replace(passage, id=f"{index}:{passage.id}", note_id=note.note_id)
    return StoredPassage(stored.id + at, note, named)


def _newest_first(notes: list[StoredNote]) -> list[StoredNote]:
    """Order notes as an index lists them: by date, then path and line; without a date last."""
    by_place = sorted(notes, key=lambda note: (note.path, note.line_start))
    return sorted(by_place, key=lambda note: note.date or "", reverse=True)
