"""Choose the hits of a ranking: passages gathered into notes, and the same text shown once.

Copies of a note take one rank with it, and so do notes on one paper that quote the same passage.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from notesearch.index.snapshot import Snapshot, StoredPassage
from notesearch.odds import to_odds
from notesearch.records import Copy, Hit, NoteKind, Role
from notesearch.search.fusion import Ranking
from notesearch.search.weights import Weights

# Texts are fetched as they are needed: most often the first batch is enough.
_BATCH = 24
# A note is shown by one of so many of its passages, the best ones: each costs a text to fetch.
_SHOWN_OF = 6
_SUMMARIES = frozenset({Role.TLDR, Role.SUMMARY, Role.ABSTRACT, Role.KEY_IDEAS})


@dataclass(frozen=True, slots=True)
class Chosen:
    """Passages to show, best first, each with its place in the ranking."""

    passages: tuple[tuple[int, StoredPassage], ...]
    # By passage id: the same text in other notes, a passage of each.
    copies: Mapping[str, tuple[StoredPassage, ...]] = field(default_factory=dict)
    # By passage id: the place of its note's best passage, where another one is shown.
    best_places: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Gathering:
    """What has been met on the way down a ranking."""

    snapshot: Snapshot
    per_note: int | None
    notes: list[tuple[int, StoredPassage]] = field(default_factory=list)
    index_pages: list[tuple[int, StoredPassage]] = field(default_factory=list)
    # By text: the passage that shows it; of notes that have copies all texts, and what is shown.
    shown: dict[str, StoredPassage] = field(default_factory=dict)
    copied: dict[str, StoredPassage] = field(default_factory=dict)
    of_note: Counter[str] = field(default_factory=Counter)
    # By passage id, then by note id.
    copies: dict[str, dict[str, StoredPassage]] = field(default_factory=dict)

    def meet(self, place: int, stored: StoredPassage) -> None:
        """Take a passage, unless its note has enough or its text is there already."""
        note = stored.note
        if self.per_note is not None and self.of_note[note.note_id] >= self.per_note:
            return
        text = _plain(stored.passage.text)
        if (first := self._shown_by(text, note.note_id)) is not None:
            self._pass_over(stored, first)
            return
        self.shown[text] = stored
        self.of_note[note.note_id] += 1
        kept = self.index_pages if note.kind is NoteKind.INDEX_PAGE else self.notes
        kept.append((place, stored))

    def _shown_by(self, text: str, note_id: str) -> StoredPassage | None:
        """Return the passage that shows a text, or the note that the text's note is a copy of."""
        if text in self.shown:
            return self.shown[text]
        first = self.copied.get(text)
        return first if first and note_id in self.copies[first.passage.id] else None

    def _pass_over(self, stored: StoredPassage, first: StoredPassage) -> None:
        """Keep a passage as a copy of the one shown; what else its note has of that is a copy too.

        On one paper, a note with the same passage counts as a copy whatever else it says.
        """
        note, other = stored.note, first.note
        if note.note_id == other.note_id:
            return
        known = self.copies.setdefault(first.passage.id, {})
        if not known:
            self.copied.update(dict.fromkeys(texts_of(self.snapshot, [first])[0], first))
        known.setdefault(note.note_id, stored)
        self.of_note[note.note_id] += note.paper is not None and note.paper == other.paper


def texts_of(snapshot: Snapshot, of: Sequence[StoredPassage]) -> list[dict[str, StoredPassage]]:
    """Return the passages of the notes that some are from, by their plain texts, note by note."""
    ids = np.array([stored.id for stored in of], dtype=np.int64)
    numbers = snapshot.notes_of(ids).tolist() if of else []
    return [
        {_plain(stored.passage.text): stored for stored in snapshot.passages_of_note(number)}
        for number in numbers
    ]


def gather(snapshot: Snapshot, ranking: Ranking, k: int, per_note: int | None) -> Chosen:
    """Choose k passages, at most `per_note` of a note (None: any number).

    Index pages come behind all notes: they only name other notes, and took the first rank.
    A note counts by its best passage; means and sums of several found less.
    """
    gathering = _Gathering(snapshot, per_note)
    batch = max(_BATCH, 2 * k)
    for start in range(0, len(ranking.ids), batch):
        ids = ranking.ids[start : start + batch].tolist()
        for place, stored in enumerate(snapshot.passages(ids), start=start):
            gathering.meet(place, stored)
        if len(gathering.notes) >= k:
            break
    passages = (gathering.notes + gathering.index_pages)[:k]
    ids_shown = {stored.passage.id for _, stored in passages}
    copies = {
        key: tuple(of_note.values())
        for key, of_note in gathering.copies.items()
        if key in ids_shown
    }
    return Chosen(tuple(passages), copies)


def show_best(snapshot: Snapshot, ranking: Ranking, chosen: Chosen, weights: Weights) -> Chosen:
    """Show of each chosen note the passage that is most likely to answer by itself.

    Of passages that are alike otherwise, that is a longer one, or one that sums up. No text is
    shown twice, and of a note that has copies one that these have too.
    """
    note_of = snapshot.notes_of(ranking.ids)
    places = {
        place: np.flatnonzero(note_of == note_of[place])[:_SHOWN_OF].tolist()
        for place, _ in chosen.passages
    }
    stored = dict(chosen.passages)
    others = sorted({place for some in places.values() for place in some} - stored.keys())
    stored.update(zip(others, snapshot.passages(ranking.ids[others].tolist()), strict=True))

    def worth(place: int) -> float:
        passage = stored[place].passage
        longer = weights.longer * math.log(passage.tokens + 1)
        sums_up = weights.summary * (not _SUMMARIES.isdisjoint(passage.roles[:1]))
        return to_odds(ranking.scores[place]) + longer + sums_up

    shown = {_plain(first.passage.text) for _, first in chosen.passages}
    passages: list[tuple[int, StoredPassage]] = []
    best_places: dict[str, int] = {}
    copies: dict[str, tuple[StoredPassage, ...]] = {}
    for first, before in chosen.passages:
        texts_of_copies = texts_of(snapshot, chosen.copies.get(before.passage.id, ()))
        best, text = first, _plain(before.passage.text)
        for place in sorted([first, *places[first]], key=worth, reverse=True):
            if place == first:
                break
            other = _plain(stored[place].passage.text)
            if other not in shown and all(other in texts for texts in texts_of_copies):
                best, text = place, other
                break
        passage = stored[best].passage
        shown.add(text)
        passages.append((best, stored[best]))
        best_places[passage.id] = first
        if texts_of_copies:
            copies[passage.id] = tuple(texts[text] for texts in texts_of_copies)
    return Chosen(tuple(passages), copies, best_places)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def make_hits(chosen: Chosen, ranking: Ranking, *, weak: bool = False) -> tuple[Hit, ...]:
    """Return the hits of chosen passages, ranked from 1, each with its note's best score."""
    best = chosen.best_places
    scores = [ranking.scores[best.get(s.passage.id, place)] for place, s in chosen.passages]
    return tuple(
        _make_hit(
            rank,
            stored,
            ranking,
            place,
            score=scores[rank - 1],
            copies=chosen.copies.get(stored.passage.id, ()),
            weak=weak,
        )
        for rank, (place, stored) in enumerate(chosen.passages, start=1)
    )


def _make_hit(
    rank: int,
    stored: StoredPassage,
    ranking: Ranking,
    place: int,
    *,
    score: float,
    copies: Sequence[StoredPassage],
    weak: bool,
) -> Hit:
    note, passage = stored.note, stored.passage
    return Hit(
        rank=rank,
        score=float(score),
        cosine=_known(ranking.cosines[place]),
        bm25=_known(ranking.bm25[place]),
        title=note.title,
        path=note.path,
        line_start=passage.line_start,
        line_end=passage.line_end,
        section=passage.section,
        roles=passage.roles,
        tags=tuple(dict.fromkeys(note.tags + note.folder_tags)),
        date=note.date,
        year=note.year,
        paper=note.paper,
        note_id=note.note_id,
        passage_id=passage.id,
        text=passage.text,
        weak=weak,
        copies=tuple(map(_make_copy, copies)),
        kind=note.kind,
    )


def _make_copy(stored: StoredPassage) -> Copy:
    passage = stored.passage
    return Copy(stored.note.note_id, stored.note.path, passage.line_start, passage.line_end)


def _known(score: float) -> float | None:
    return None if np.isnan(score) else float(score)
