"""The parts of a file that are notes of their own, and how many words they have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from notesearch.corpus.document import Document
from notesearch.corpus.markdown_lines import ADDRESS, ANY_LINK
from notesearch.records import NoteKind


@dataclass(frozen=True, slots=True)
class Part:
    """Lines of a document that make one note, and the facts that their position gives."""

    positions: Sequence[int]  # in the document's lines, ascending
    title: str | None = None  # None: find it in the lines
    topics: tuple[str, ...] = ()  # the headings above, which become tags
    kind: NoteKind = NoteKind.DIGEST_PART
    date: str | None = None
    year: int | None = None  # in which the paper came out
    run_together_tags: str = ""  # "dpoalignmentrlhf", still to be split
    listed_tags: frozenset[str] = frozenset()  # tags that the page names elsewhere
    headings: frozenset[int] = frozenset()  # positions of lines that are headings without markup


# The text around the papers of a digest is a note itself from so many words on.
MIN_WORDS_OF_NOTE = 80
_MAX_SENTENCE = 120  # characters

_WORD = re.compile(r"[^\W_]{2,}")
_UNSEEN = re.compile(ADDRESS + r"|<[^>]{1,200}>")


def count_words(text: str) -> int:
    """Count the words a reader sees, without the targets of links and without tags."""
    if "](" in text or "://" in text or "<" in text:
        text = _UNSEEN.sub(" ", text)
    return len(_WORD.findall(text))


def count_words_beside_links(line: str) -> int:
    """Count the words of a line that are in no link."""
    return count_words(ANY_LINK.sub(" ", line))


def with_rest(document: Document, parts: Sequence[Part]) -> list[Part]:
    """Add the lines around the parts as a last one, so that no word of a file is lost."""
    taken = {position for part in parts for position in part.positions}
    rest = [position for position in range(len(document.lines)) if position not in taken]
    words = sum(count_words(document.lines[position]) for position in rest)
    if words == 0:
        return list(parts)
    heads = {block.start for block in document.blocks if block.kind in ("heading", "table")}
    prose = (document.markup[position] for position in rest if position not in heads)
    is_note = words >= MIN_WORDS_OF_NOTE <= sum(map(count_words_beside_links, prose))
    return [*parts, Part(rest, kind=NoteKind.NOTE if is_note else NoteKind.INDEX_PAGE)]


def fills(document: Document, parts: Sequence[Part]) -> bool:
    """Tell whether a file consists of these parts for the most."""
    inside = sum(count_words(document.markup[n]) for part in parts for n in part.positions)
    return inside >= 0.5 * sum(map(count_words, document.markup))


def first_sentence(lines: Iterable[str]) -> str | None:
    """Return the opening words of some lines of prose, as a title for a note without one."""
    text = " ".join(" ".join(lines).split())
    sentence = re.split(r"(?<=[.!?])\s+(?=[A-Z“\"'(])", text, maxsplit=1)[0].rstrip(" .…")
    if len(sentence) <= _MAX_SENTENCE:
        return sentence or None
    return sentence[:_MAX_SENTENCE].rsplit(" ", 1)[0].rstrip(" ,;:–—-") + " …"
