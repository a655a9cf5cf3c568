"""What an engine keeps of an index as a whole: which generation is in force, and its totals.

Every passage and note says from which generation on it is there, and until which. A reader asks for
those of the generation that the state names: the one record whose writing switches all readers to a
new one at once.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from qdrant_client import models

from notesearch.engine_address import EngineAddress
from notesearch.errors import MismatchError, Remedy
from notesearch.index.qdrant.engine_client import Engine
from notesearch.index.qdrant.engine_errors import EngineError
from notesearch.index.qdrant.point_conditions import all_of, is_within
from notesearch.index.qdrant.word_coding import record_id

ENGINE_FORMAT = 2
# Of passages and notes that no change has ended.
ENDLESS = 2**52  # conditions compare numbers as floats: this one and the one before are exact
STATE_ID = record_id("state", "")

# The weights of the columns, as the search has them; they are part of what an engine stores.
TITLE_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class EngineState:
    """One generation of an index in an engine."""

    embedder: str  # fingerprint of the model that made the vectors
    reading: str  # fingerprint of what read and chunked the notes
    generation: int
    dimension: int  # 0 as long as nothing has been embedded
    created: str  # ISO 8601, UTC
    updated: str
    identity: str  # 32 hex digits that no other index has
    stamp: str  # 16 hex digits that no other generation has
    passages: int = 0
    notes: int = 0  # that have passages
    tokens: int = 0
    # What a passage and a note have on average, as the stored words were weighed by it.
    passage_tokens: float = 1.0
    note_tokens: float = 1.0
    probe_cosines: tuple[float, ...] = ()
    format: int = ENGINE_FORMAT

    def in_force(self) -> models.Filter:
        """Return the condition that a point is of this generation."""
        return all_of(
            is_within("since", most=self.generation), is_within("until", least=self.generation + 1)
        )

    def require_embedder(self, fingerprint: str, address: EngineAddress) -> None:
        """Raise MismatchError when the vectors are another model's."""
        if fingerprint != self.embedder:
            raise MismatchError(
                f"{address.text} holds vectors of {self.embedder}, the settings ask for "
                f"{fingerprint}",
                rebuild_of(address),
            )

    def to_point(self) -> models.PointStruct:
        """Return it as the record that makes it true."""
        values = asdict(self) | {"kind": "state", "probe_cosines": list(self.probe_cosines)}
        return models.PointStruct(id=STATE_ID, vector={}, payload=values)


def rebuild_of(address: EngineAddress) -> Remedy:
    """Name what makes an index anew."""
    return Remedy(
        "call update(corpus, rebuild=True)",
        f"run: notesearch index CORPUS --index {address.text} --rebuild",
    )


def read_engine_state(engine: Engine) -> EngineState | None:
    """Read the state that is in force; None where no first update got through."""
    found = engine.read(engine.names.records, [STATE_ID]).get(STATE_ID)
    if found is None:
        return None
    if found.get("format") != ENGINE_FORMAT:
        raise EngineError(
            f"{engine.address.text} has format {found.get('format')}, and this notesearch knows "
            f"{ENGINE_FORMAT}; use another notesearch, or another name for the index"
        )
    try:
        values = {field.name: found[field.name] for field in fields(EngineState)}
        values["probe_cosines"] = tuple(map(float, values["probe_cosines"]))
        _require_sound(values)
        return EngineState(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError(
            f"{engine.address.text} is damaged (state: {error})", rebuild_of(engine.address)
        ) from error


def _require_sound(values: dict[str, Any]) -> None:
    """Raise ValueError for values that no writer gives."""
    for name in ("generation", "dimension", "passages", "notes", "tokens"):
        if not isinstance(values[name], int) or not 0 <= values[name] < ENDLESS:
            raise ValueError(f"{name} is no number that an index has")
    for name in ("passage_tokens", "note_tokens"):
        if not isinstance(values[name], float | int) or not 0 < values[name] < ENDLESS:
            raise ValueError(f"{name} is no length")
    for name in ("embedder", "reading", "created", "updated", "identity", "stamp"):
        if not isinstance(values[name], str):
            raise ValueError(f"{name} is no text")
