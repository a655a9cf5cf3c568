"""What a layout gives: the stretches of a file that are notes of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from notesearch.corpus.document import Document
from notesearch.records import NoteKind


@dataclass(frozen=True, slots=True)
class Part:
    """Lines of a document that make one note, and what their place in it tells of them."""

    positions: Sequence[int]  # in the document's lines, ascending
    kind: NoteKind
    title: str | None = None  # None: the lines themselves tell
    topics: tuple[str, ...] = ()  # the headings above, which become tags
    date: str | None = None
    year: int | None = None  # in which the paper came out
    run_together_tags: str = ""  # "dpoalignmentrlhf", still to be split
    listed_tags: frozenset[str] = frozenset()  # tags that the page names elsewhere
    headings: frozenset[int] = frozenset()  # positions of lines that are headings without markup


# What stands around the papers of a digest is a note itself from so many words on.
MIN_WORDS_OF_NOTE = 80

_WORD = re.compile(r"[^\W_]{2,}")
_TARGET = re.compile(r"\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)?\)|https?://\S+|<[^>]{1,200}>")
# A link to anywhere, with its words.
LINK = re.compile(
    r"!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\([^()]*(?:\([^()]*\)[^()]*)?\)"
    r"|\[\[[^\[\]]*\]\]|<?https?://\S+"
)


def count_words(text: str) -> int:
    """Count the words a reader sees, link targets and tags left out."""
    if "](" in text or "://" in text or "<" in text:
        text = _TARGET.sub(" ", text)
    return len(_WORD.findall(text))


def with_rest(document: Document, parts: Sequence[Part]) -> list[Part]:
    """Add what stands around the parts as a last one, so that no word of a file is lost."""
    taken = {position for part in parts for position in part.positions}
    rest = [position for position in range(len(document.lines)) if position not in taken]
    words = sum(count_words(document.lines[position]) for position in rest)
    if words == 0:
        return list(parts)
    is_note = words >= MIN_WORDS_OF_NOTE <= _words_beside_links(document, rest)
    return [*parts, Part(rest, NoteKind.NOTE if is_note else NoteKind.INDEX_PAGE)]


def _words_beside_links(document: Document, positions: Iterable[int]) -> int:
    """Count the words of lines, but for links, headings and the heads of tables."""
    heads = {block.start for block in document.blocks if block.kind in ("heading", "table")}
    return sum(
        count_words(LINK.sub(" ", document.markup[position]))
        for position in positions
        if position not in heads
    )


def fills(document: Document, parts: Sequence[Part]) -> bool:
    """Tell whether a file consists of these parts for the most."""
    inside = sum(count_words(document.markup[n]) for part in parts for n in part.positions)
    return inside >= 0.5 * sum(map(count_words, document.markup))


def first_sentence(lines: Iterable[str], max_chars: int = 120) -> str | None:
    """Give the opening words of a stretch of prose, as a title for what has none."""
    text = " ".join(" ".join(lines).split())
    if not text:
        return None
    sentence = re.split(r"(?<=[.!?])\s+(?=[A-Z“\"'(])", text, maxsplit=1)[0].rstrip(" .…")
    if len(sentence) <= max_chars:
        return sentence or None
    return sentence[:max_chars].rsplit(" ", 1)[0].rstrip(" ,;:–—-") + " …"
