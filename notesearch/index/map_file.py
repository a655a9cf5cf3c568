"""Keep where the notes stand on the map, so that each is found again where it was.

Derived data: a file that is lost, damaged or of another model costs a new layout and nothing else.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import xxhash

from notesearch.durable import write_whole
from notesearch.index.index_layout import IndexLayout
from notesearch.regular_files import read_regular

_HEADER = "notesearch map 1"
# A note takes some 100 bytes: 500,000 of them.
_MOST_BYTES = 50_000_000


class KeptPlace(NamedTuple):
    """Where a note stands, from 0 to 1, and what its vector was like then."""

    x: float
    y: float
    sketch: str  # 16 hex digits, of which few differ between vectors that are nearly the same


@dataclass(frozen=True, slots=True)
class KeptPlaces:
    """A layout of the notes of one index."""

    embedder: str  # fingerprint of the model whose vectors it was made of
    span: float  # what 0 to 1 is in the measure of the layout
    settled: int  # of the notes, how many came after the whole was laid out
    places: Mapping[str, KeptPlace]  # by note id


def read_places(layout: IndexLayout) -> KeptPlaces | None:
    """Return the layout that an index folder keeps; None where there is none that holds."""
    try:
        content = read_regular(layout.note_map, most=_MOST_BYTES)
        header, _, body = content.partition(b"\n")
        if header != _header_of(body):
            return None
        kept = json.loads(body)
        places = {str(of): _checked_place(*place) for of, place in kept["places"].items()}
        return KeptPlaces(
            embedder=str(kept["embedder"]),
            span=_checked_number(kept["span"], 1e-6, 1e6),
            settled=int(_checked_number(kept["settled"], 0, len(places))),
            places=places,
        )
    # A file from somebody else may be anything, with a sum that holds.
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def write_places(layout: IndexLayout, kept: KeptPlaces) -> None:
    """Keep a layout in the index folder, whole or not at all; where none can be kept, nothing."""
    values = {
        "embedder": kept.embedder,
        "span": kept.span,
        "settled": kept.settled,
        "places": kept.places,
    }
    body = json.dumps(values, separators=(",", ":"))
    # A folder that may only be read still has a map, and one that is gone is not made again.
    with suppress(OSError):
        if layout.catalog.exists():
            header = _header_of(body.encode()).decode()
            write_whole(layout.note_map, f"{header}\n{body}", outlasts_crash=False)


def holds_places(layout: IndexLayout) -> bool:
    """Return whether the file is there and can be read, or is not there at all."""
    return not layout.note_map.exists() or read_places(layout) is not None


def _header_of(body: bytes) -> bytes:
    return f"{_HEADER} {xxhash.xxh3_128_hexdigest(body)}".encode()


def _checked_place(x: object, y: object, sketch: object) -> KeptPlace:
    if not isinstance(sketch, str) or len(bytes.fromhex(sketch)) != 8:
        raise ValueError(f"no sketch: {sketch!r}")
    return KeptPlace(_checked_number(x, 0, 1), _checked_number(y, 0, 1), sketch)


def _checked_number(value: object, least: float, most: float) -> float:
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"no number: {value!r}")
    if not least <= value <= most:
        raise ValueError(f"out of bounds: {value!r}")
    return float(value)
