"""Draw the map of an index when somebody asks, and keep it in step with the index from then on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np

from notesearch.index.index_layout import IndexLayout
from notesearch.index.map_file import KeptPlaces, read_places, write_places
from notesearch.index.snapshot import Snapshot, StoredNote
from notesearch.note_map.map_labels import MapLabel, label_regions
from notesearch.note_map.map_layout import Rows
from notesearch.note_map.note_places import place_notes

_PASSAGES_PER_READ = 2000


@dataclass(frozen=True, slots=True)
class MapNote:
    """A note as a point of the map."""

    note_id: str
    title: str
    x: float  # from 0 to 1
    y: float  # from 0, above, to 1
    date: str | None  # of the note
    year: int | None  # of the paper
    tags: tuple[str, ...]  # written tags, then those of the folders


@dataclass(frozen=True, slots=True)
class NoteMap:
    """All notes that have text, those of like meaning side by side, and labels for regions."""

    notes: tuple[MapNote, ...]  # in the order of their ids
    labels: tuple[MapLabel, ...]  # that do not overlap, those that say most first


class KeptMap:
    """The map of an index. Threads may share it: one works a new layout out, and others wait."""

    def __init__(self, layout: IndexLayout | None) -> None:
        """Keep it in the index folder; without one, as for several indexes, in memory alone."""
        self._layout = layout
        self._guard = threading.Lock()
        self._places: KeptPlaces | None = None
        self._drawn: tuple[str, NoteMap] | None = None  # the last map, and of which state it is

    def get(self, open_snapshot: Callable[[], AbstractContextManager[Snapshot]]) -> NoteMap:
        """Return the map of the newest state; the same object as long as that stays the same."""
        with self._guard:
            with open_snapshot() as snapshot:
                stamp, embedder = snapshot.stamp, snapshot.embedder
                if self._drawn is not None and self._drawn[0] == stamp:
                    return self._drawn[1]
                notes, vectors = _read_notes(snapshot)
            # Outside: an update clears up behind the last reader of the state before.
            known = self._known_places(embedder)
            places = place_notes(known, [note.note_id for note in notes], vectors, embedder)
            if self._layout is not None and places != known:
                write_places(self._layout, places)
            self._places = places
            self._drawn = stamp, _draw(notes, places)
            return self._drawn[1]

    def _known_places(self, embedder: str) -> KeptPlaces | None:
        """Return the last layout of this model's vectors, from the memory or from the folder."""
        known = self._places
        if known is None and self._layout is not None:
            known = read_places(self._layout)
        return known if known is not None and known.embedder == embedder else None


def _read_notes(snapshot: Snapshot) -> tuple[list[StoredNote], Rows]:
    """Return the notes that have text in the order of their ids, and their vectors.

    A vector is the mean of those of the note's passages, scaled to length 1.
    """
    note_of, passage_ids = snapshot.table.note_of, snapshot.table.passage_ids
    numbers = np.unique(note_of[passage_ids])
    found = snapshot.notes(numbers.tolist())
    vectors: Rows = np.zeros((0, 1), dtype=np.float32)
    for start in range(0, len(passage_ids), _PASSAGES_PER_READ):
        part = passage_ids[start : start + _PASSAGES_PER_READ]
        read = snapshot.vectors_of(part.tolist())
        if not start:
            vectors = np.zeros((len(numbers), read.shape[1]), dtype=np.float32)
        np.add.at(vectors, np.searchsorted(numbers, note_of[part]), read)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    in_order = sorted(range(len(numbers)), key=lambda at: found[int(numbers[at])].note_id)
    return [found[int(numbers[at])] for at in in_order], vectors[in_order]


def _draw(notes: Sequence[StoredNote], kept: KeptPlaces) -> NoteMap:
    """Put the notes at their places, and label the regions."""
    points = tuple(
        MapNote(
            note_id=note.note_id,
            title=note.title,
            x=kept.places[note.note_id].x,
            y=kept.places[note.note_id].y,
            date=note.date,
            year=note.year,
            tags=(*note.tags, *note.folder_tags),
        )
        for note in notes
    )
    places = np.array([(point.x, point.y) for point in points], dtype=np.float64).reshape(-1, 2)
    return NoteMap(points, label_regions(places, notes))
