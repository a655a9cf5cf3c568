"""Give each note a place from 0 to 1: where it stood before, or beside the notes it is like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notesearch.index.map_file import KeptPlace, KeptPlaces
from notesearch.note_map.map_layout import Rows, lay_out, settle

# When this share of the notes has come since the whole was laid out, it is laid out anew: what was
# made for few notes has no room for many.
_MOST_SETTLED = 0.5
# Of the 64 signs of a sketch. 12 are an angle of 34 degrees between the vectors, a cosine of 0.83:
# to change a few words changes fewer, to write another text under the same name more.
_MOST_CHANGED_SIGNS = 12
_MARGIN = 0.04  # on each side of a new layout, for notes that come later
_LEAST_SPAN = 10.0  # or a single note would have no measure
_SEED = 16


def place_notes(
    known: KeptPlaces | None, names: Sequence[str], vectors: Rows, embedder: str
) -> KeptPlaces:
    """Return the places of all notes by their names; `vectors` are (notes, dimension), length 1.

    A note that says nearly what it said stays exactly where it was, and new ones are put beside
    their nearest. Where most are new, all are laid out anew, from where they stood.
    """
    sketches = _sketch(vectors)
    old = _find_old(known, names, sketches) if known is not None else {}
    new = np.array([at for at in range(len(names)) if at not in old], dtype=np.int64)
    if known is None or not old:
        return _framed(lay_out(vectors), names, sketches, embedder)
    settled = min(known.settled, len(old)) + len(new)
    places = np.zeros((len(names), 2), dtype=np.float32)
    for at, place in old.items():
        places[at] = (place.x - 0.5) * known.span, (place.y - 0.5) * known.span
    if len(new):
        places = settle(vectors, places, new)
    if settled > _MOST_SETTLED * len(names):
        return _framed(lay_out(vectors, places), names, sketches, embedder)
    inside = np.clip(places.astype(np.float64) / known.span + 0.5, 0, 1).round(5).tolist()
    kept = {
        name: KeptPlace(old[at].x, old[at].y, old[at].sketch)
        if at in old
        else KeptPlace(inside[at][0], inside[at][1], sketches[at])
        for at, name in enumerate(names)
    }
    return KeptPlaces(embedder, known.span, settled, kept)


def _framed(
    places: Rows, names: Sequence[str], sketches: Sequence[str], embedder: str
) -> KeptPlaces:
    """Return a new layout as it fills the square."""
    span, kept = _LEAST_SPAN, {}
    if len(places):
        low, high = places.min(axis=0).astype(float), places.max(axis=0).astype(float)
        span = max(float((high - low).max()) / (1 - 2 * _MARGIN), _LEAST_SPAN)
        inside = ((places - (low + high) / 2) / span + 0.5).round(5).tolist()
        each = zip(names, inside, sketches, strict=True)
        kept = {name: KeptPlace(x, y, sketch) for name, (x, y), sketch in each}
    return KeptPlaces(embedder, span, 0, kept)


def _find_old(
    known: KeptPlaces, names: Sequence[str], sketches: Sequence[str]
) -> dict[int, KeptPlace]:
    """Return the notes that stood on the map before, under another name too, with their places."""
    there = set(names)
    gone = {place.sketch: place for name, place in known.places.items() if name not in there}
    old = {}
    for at, (name, sketch) in enumerate(zip(names, sketches, strict=True)):
        place = known.places.get(name)
        if place is None:
            place = gone.pop(sketch, None)
        elif (int(place.sketch, 16) ^ int(sketch, 16)).bit_count() > _MOST_CHANGED_SIGNS:
            place = None
        if place is not None:
            old[at] = place
    return old


def _sketch(vectors: Rows) -> list[str]:
    """Return on which sides of 64 planes each vector is, as hex digits."""
    planes = np.random.default_rng(_SEED).normal(size=(vectors.shape[1], 64)).astype(np.float32)
    signs: NDArray[np.uint8] = np.packbits(vectors @ planes > 0, axis=1)
    return [row.tobytes().hex() for row in signs]
