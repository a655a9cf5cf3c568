"""Name the regions of a map by the tags that are commoner there than elsewhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notesearch.records import Facts
from notesearch.spelling import normalise_tag

_MOST_LABELS = 36
_MOST_TAGS = 400  # that are looked at, the commonest of all
_LEAST_NOTES = 3
# A label names a region in which at least this share of the notes carries the tag.
_LEAST_SHARE = 0.12
# A folder says where a note was put, a tag what it is about.
_OF_FOLDERS = 0.3
# Of the map's side, for small letters on a map of some 800 pixels.
_CHARACTER, _LINE = 0.0095, 0.035
_LONGEST = 40  # characters: what is longer is cut where it is drawn


@dataclass(frozen=True, slots=True)
class MapLabel:
    """What the notes around a place are about."""

    text: str  # a tag, as most notes write it
    x: float  # of a note in the middle of them, from 0 to 1
    y: float


def label_regions(places: NDArray[np.float64], notes: Sequence[Facts]) -> tuple[MapLabel, ...]:
    """Return labels that do not overlap, those that say most first.

    `places` are those of the notes, (notes, 2) from 0 to 1. A tag names the one region where its
    notes are densest beside what they would be if it were as common everywhere.
    """
    spelled, notes_of = _notes_of_tags([(*note.folder_tags, *note.tags) for note in notes])
    written = {normalise_tag(tag) for note in notes for tag in note.tags}
    grid = _Grid(places)
    found = []
    for tag in sorted(notes_of, key=lambda tag: (-len(notes_of[tag]), tag))[:_MOST_TAGS]:
        region = grid.region_of(np.array(notes_of[tag]))
        if region is not None:
            score, x, y = region
            weight = 1 if tag in written else _OF_FOLDERS
            found.append((-score * weight, tag, MapLabel(spelled[tag], round(x, 4), round(y, 4))))
    chosen: list[MapLabel] = []
    for _, _, label in sorted(found, key=lambda one: one[:2]):
        if len(chosen) < _MOST_LABELS and not any(_overlap(label, other) for other in chosen):
            chosen.append(label)
    return tuple(chosen)


def _notes_of_tags(
    tags: Sequence[Sequence[str]],
) -> tuple[dict[str, str], dict[str, list[int]]]:
    """Return how each tag of enough notes is written mostly, and which notes carry it."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    notes: dict[str, list[int]] = defaultdict(list)
    for number, written in enumerate(tags):
        by_form = {normalise_tag(tag): tag for tag in written}
        for form, tag in by_form.items():
            spellings[form][tag] += 1
            notes[form].append(number)
    enough = {form: of for form, of in notes.items() if form and len(of) >= _LEAST_NOTES}
    return {form: min(spellings[form].most_common())[0] for form in enough}, enough


class _Grid:
    """Counts notes by where they stand, in cells that run into each other a little."""

    def __init__(self, places: NDArray[np.float64]) -> None:
        self._places = places
        # Some notes to a cell, however many there are.
        self._side = int(np.clip(len(places) ** 0.5 / 1.5, 8, 32))
        self._cells = np.clip((places * self._side).astype(np.int64), 0, self._side - 1)
        steps = np.arange(self._side)
        self._blur = np.exp(-((steps[:, None] - steps) ** 2) / 2)
        self._all = self._count(np.arange(len(places)))

    def _count(self, notes: NDArray[np.int64]) -> NDArray[np.float64]:
        at = self._cells[notes]
        counts = np.bincount(at[:, 0] * self._side + at[:, 1], minlength=self._side**2)
        cells = counts.reshape(self._side, self._side).astype(np.float64)
        blurred: NDArray[np.float64] = self._blur @ cells @ self._blur
        return blurred

    def region_of(self, notes: NDArray[np.int64]) -> tuple[float, float, float] | None:
        """Return how much some notes stand out where they do most, and that place."""
        counts = self._count(notes)
        shares = counts / np.maximum(self._all, 1e-9)
        scores: NDArray[np.float64] = counts * np.log(
            np.maximum(shares / (len(notes) / len(self._places)), 1e-9)
        )
        scores[shares < _LEAST_SHARE] = 0
        best = np.unravel_index(int(scores.argmax()), scores.shape)
        if scores[best] <= 0:
            return None
        near = np.abs(self._cells[notes] - np.array(best)).max(axis=1) <= 1
        if np.count_nonzero(near) < _LEAST_NOTES:
            return None
        those = self._places[notes[near]]
        # At a note: the middle of a few may be an empty place.
        x, y = those[((those - those.mean(axis=0)) ** 2).sum(axis=1).argmin()]
        return float(scores[best]), float(x), float(y)


def _overlap(one: MapLabel, other: MapLabel) -> bool:
    letters = min(len(one.text), _LONGEST) + min(len(other.text), _LONGEST) + 2
    wide = abs(one.x - other.x) < letters * _CHARACTER / 2
    return wide and abs(one.y - other.y) < _LINE
