"""What a caller hands to the library, checked at the door: a wrong value is a UsageError."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from unicodedata import is_normalized

from notesearch.errors import UsageError
from notesearch.records import AddedNote

# More hits than anybody reads, and than SQLite and FAISS can be asked for at once.
_MOST_HITS = 1_000_000

# As long as the longest path that Linux takes.
_LONGEST_ID = 4096
_DATE = re.compile(r"([12]\d{3})(?:-(\d\d)(?:-(\d\d))?)?")

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


def checked_note(note: AddedNote) -> AddedNote:
    """Return a note to be added with its tags and its date as they are kept; refuse a wrong one."""
    if not isinstance(note, AddedNote):
        raise UsageError(f"a note must be an AddedNote, found {note!r:.60}")
    _require_id(note.id)
    place = f"{note.id}: "
    require_text(f"{place}the text", note.text)
    if note.title is not None:
        require_text(f"{place}the title", note.title)
        if not note.title.split():
            raise UsageError(f"{place}the title is empty; leave it out, or give one")
    is_list = isinstance(note.tags, Iterable) and not isinstance(note.tags, str)
    if not is_list or not all(isinstance(tag, str) for tag in note.tags):
        raise UsageError(f"{place}tags must be a list of texts, found {note.tags!r:.60}")
    for text in (note.text, note.title or "", *note.tags):
        _require_utf8(place, text)
    return replace(
        note,
        title=" ".join(note.title.split()) if note.title else None,
        tags=tuple(tag.strip().lstrip("#") for tag in note.tags if tag.strip("# \n")),
        date=iso_date(note.id, note.date),
    )


def _require_id(note_id: object) -> None:
    """Refuse what cannot be found again by its name, by `show` or as an address of the page."""
    require_text("an id", note_id)
    text = str(note_id)
    _require_utf8("an id: ", text)
    leads_elsewhere = text.startswith("/") or not {".", ".."}.isdisjoint(text.split("/"))
    if not text or leads_elsewhere or text != text.strip() or not text.isprintable():
        raise UsageError(
            f"{text!r:.80} is no id; give a text on one line, without spaces or a slash before it, "
            "and without . or .. between slashes"
        )
    if len(text) > _LONGEST_ID:
        raise UsageError(f"{text:.40}…: an id has at most {_LONGEST_ID} characters")


def _require_utf8(place: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        remedy = "leave out the lone surrogate"
        raise UsageError(f"{place}{text!r:.80} is not UTF-8; {remedy}") from error


def iso_date(note_id: object, value: object) -> str | None:
    """Return the date of a note as precise as it was given: 2026-05-12, 2026-05 or 2026."""
    if value is None:
        return None
    if isinstance(value, date):  # a datetime is one too
        return value.strftime("%Y-%m-%d")
    if isinstance(value, str) and (parts := _DATE.fullmatch(value)):
        with suppress(ValueError):
            date(int(parts[1]), int(parts[2] or 1), int(parts[3] or 1))
            return value
    raise UsageError(
        f"{note_id}: the date must be like 2026-05-12, 2026-05 or 2026, found {value!r}"
    )


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


def as_notes_say(text: str) -> str:
    """Return a question with plain signs, and formulas in words, as the notes are searched."""
    is_plain = all(char.isascii() or char.isalpha() for char in text)
    if is_plain and is_normalized("NFKC", text) and not ("\\" in text or "$" in text):
        return text
    from notesearch.corpus.search_text.plain_words import to_words  # 15 ms

    return " ".join(to_words(text).split()) or text
