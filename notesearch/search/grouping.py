"""Ranked passages in, those to show out: gathered into notes, and the same text shown once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from notesearch.index.records import StoredPassage
from notesearch.index.sqlite_snapshot import Snapshot
from notesearch.records import NoteKind
from notesearch.search.fusion import Ranking

# Texts are fetched as they are needed: most often the first batch is enough.
_BATCH = 48


@dataclass(frozen=True, slots=True)
class Chosen:
    """Passages to show, best first, each with its place in the ranking."""

    passages: tuple[tuple[int, StoredPassage], ...]
    duplicates: dict[str, int]  # by passage id


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
        text = " ".join(passage.text.split()).casefold()
        if text in self.shown:
            self.duplicates[self.shown[text]] += 1
            return
        self.shown[text] = passage.id
        self.of_note[note.note_id] += 1
        kept = self.index_pages if note.kind is NoteKind.INDEX_PAGE else self.notes
        kept.append((place, stored))


def gather(snapshot: Snapshot, ranking: Ranking, k: int, per_note: int | None) -> Chosen:
    """Choose k passages, at most `per_note` of a note (None: any number).

    Index pages come behind all notes: they name what others tell, and stole the first rank.
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
