"""Choose the hits of a ranking: passages gathered into notes, and the same text shown once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from notesearch.index.snapshot import Snapshot, StoredPassage
from notesearch.odds import to_odds
from notesearch.records import Hit, NoteKind, Role
from notesearch.search.fusion import Ranking
from notesearch.search.weights import Weights

# Texts are fetched as they are needed: most often the first batch is enough.
_BATCH = 48
# A note is shown by one of so many of its passages, the best ones: each costs a text to fetch.
_SHOWN_OF = 6
_SUMMARIES = frozenset({Role.TLDR, Role.SUMMARY, Role.ABSTRACT, Role.KEY_IDEAS})


@dataclass(frozen=True, slots=True)
class Chosen:
    """Passages to show, best first, each with its place in the ranking."""

    passages: tuple[tuple[int, StoredPassage], ...]
    duplicates: dict[str, int]  # by passage id
    # By passage id: the place of its note's best passage, where another one is shown.
    best_places: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Gathering:
    """What has been met on the way down a ranking."""

    per_note: int | None
    notes: list[tuple[int, StoredPassage]] = field(default_factory=list)
    index_pages: list[tuple[int, StoredPassage]] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)  # by text: the passage that shows it
    of_note: Counter[str] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)

    def meet(self, place: int, stored: StoredPassage) -> None:
        """Take a passage, unless its note has enough or its text is there already."""
        note, passage = stored.note, stored.passage
        if self.per_note is not None and self.of_note[note.note_id] >= self.per_note:
            return
        text = _plain(passage.text)
        if text in self.shown:
            self.duplicates[self.shown[text]] += 1
            return
        self.shown[text] = passage.id
        self.of_note[note.note_id] += 1
        kept = self.index_pages if note.kind is NoteKind.INDEX_PAGE else self.notes
        kept.append((place, stored))


def gather(snapshot: Snapshot, ranking: Ranking, k: int, per_note: int | None) -> Chosen:
    """Choose k passages, at most `per_note` of a note (None: any number).

    Index pages come behind all notes: they only name other notes, and took the first rank.
    A note counts by its best passage; means and sums of several found less.
    """
    gathering = _Gathering(per_note)
    batch = max(_BATCH, 2 * k)
    for start in range(0, len(ranking.ids), batch):
        ids = ranking.ids[start : start + batch].tolist()
        for place, stored in enumerate(snapshot.passages(ids), start=start):
            gathering.meet(place, stored)
        if len(gathering.notes) >= k:
            break
    passages = (gathering.notes + gathering.index_pages)[:k]
    ids_shown = {stored.passage.id for _, stored in passages}
    duplicates = {key: n for key, n in gathering.duplicates.items() if key in ids_shown}
    return Chosen(tuple(passages), duplicates)


def show_best(snapshot: Snapshot, ranking: Ranking, chosen: Chosen, weights: Weights) -> Chosen:
    """Show of each chosen note the passage that is most likely to answer by itself.

    Of passages that are alike otherwise, that is a longer one, or one that sums up. No text is
    shown twice.
    """
    note_of = snapshot.table.note_of[ranking.ids]
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
    duplicates: dict[str, int] = {}
    for first, before in chosen.passages:
        free = [p for p in places[first] if _plain(stored[p].passage.text) not in shown]
        best = max([first, *free], key=worth)
        passage = stored[best].passage
        shown.add(_plain(passage.text))
        passages.append((best, stored[best]))
        best_places[passage.id] = first
        if before.passage.id in chosen.duplicates:
            duplicates[passage.id] = chosen.duplicates[before.passage.id]
    return Chosen(tuple(passages), duplicates, best_places)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def make_hits(chosen: Chosen, ranking: Ranking, *, weak: bool = False) -> tuple[Hit, ...]:
    """Return the hits of chosen passages, ranked from 1, each with its note's best score."""
    best = chosen.best_places
    scores = [ranking.scores[best.get(s.passage.id, place)] for place, s in chosen.passages]
    return tuple(
        _make_hit(rank, stored, ranking, place, score=scores[rank - 1], weak=weak)
        for rank, (place, stored) in enumerate(chosen.passages, start=1)
    )


def _make_hit(
    rank: int, stored: StoredPassage, ranking: Ranking, place: int, *, score: float, weak: bool
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
    )


def _known(score: float) -> float | None:
    return None if np.isnan(score) else float(score)
