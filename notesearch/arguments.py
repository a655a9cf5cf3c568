"""What a caller hands to the library, checked at the door: a wrong value is a UsageError."""

from __future__ import annotations

import math
from collections.abc import Mapping

from notesearch.errors import UsageError

# More hits than anybody reads, and than SQLite and FAISS can be asked for at once.
_MOST_HITS = 1_000_000

_EMBEDDER = {
    "fingerprint": str,
    "max_tokens": int,
    "dimension": int,
    "count_tokens": None,  # a method
    "embed_passages": None,
    "embed_query": None,
}
_RERANKER = {"score_passages": None}


def require_text(name: str, value: object) -> None:
    """Refuse what is no text."""
    if not isinstance(value, str):
        raise UsageError(f"{name} must be a text, found {value!r}")


def require_count(name: str, value: object, most: int = _MOST_HITS) -> None:
    """Refuse what is no whole number from 1 on."""
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise UsageError(f"{name} must be a whole number from 1 to {most:,}, found {value!r}")


def require_seconds(name: str, value: object) -> None:
    """Refuse what is no finite number of seconds from 0 on."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value < 0:  # type: ignore[arg-type, operator]
        raise UsageError(f"{name} must be a number of seconds from 0 on, found {value!r}")


def require_embedder(value: object) -> None:
    """Refuse an object that cannot embed: see `notesearch.Embedder`."""
    _require_names("an embedder", value, _EMBEDDER)


def require_reranker(value: object) -> None:
    """Refuse an object that cannot rerank: see `notesearch.Reranker`."""
    _require_names("a reranker", value, _RERANKER)


def _require_names(what: str, value: object, names: Mapping[str, type | None]) -> None:
    for name, kind in names.items():
        own = getattr(value, name, None)
        fits = callable(own) if kind is None else isinstance(own, kind)
        if not fits:
            expected = "method" if kind is None else f"{kind.__name__}"
            raise UsageError(
                f"{type(value).__name__} is not {what}: it has no {expected} {name}; "
                "hand in an object, as load_embedder gives one, not a name or a class"
            )
