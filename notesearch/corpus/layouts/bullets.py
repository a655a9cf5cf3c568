"""A digest by bullets: `* Authors. Title. Venue. Year. URL`, the notes as bullets below it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from notesearch.corpus.document import Document
from notesearch.corpus.layouts.part import Part, count_words, fills, with_rest
from notesearch.corpus.text import linked_title, plain, without_marker
from notesearch.records import Block, NoteKind

_URL = re.compile(r"\[[^\[\]]*\]\([^()\s]*\)|<?https?://\S+")
_YEAR = re.compile(r"\b(?:19[5-9]\d|20[0-4]\d)\b")
_AUTHORS = re.compile(r"^[A-ZÀ-Þ][\w.'’-]*(?:[ ,&]+(?:and |et al|[A-ZÀ-Þ])[\w.'’-]*)*$")
_ODD_LINK = re.compile(r"\[([^\[\]]+)\]\(\[[^\[\]]*\]\(([^()\s]*)\)\)")  # [a]([url](url))
_MIN_WORDS_OF_NOTES = 4


def split_bullets(document: Document, *, asked: bool = False) -> list[Part] | None:
    """Cut a list of papers with notes below each; None when it is no such list."""
    items = [item for item in _top_items(document) if asked or _is_paper(document, item)]
    if len(items) < (1 if asked else 3):
        return None
    parts = []
    for item in items:
        line = without_marker(document.markup[item.start])
        parts.append(
            Part(
                range(item.start, item.end),
                NoteKind.DIGEST_PART,
                _title(line),
                document.topics_at(item.start),
            )
        )
    most_items = 2 * len(items) >= len(list(_top_items(document)))
    if not asked and not (most_items and fills(document, parts)):
        return None
    return with_rest(document, parts)


def _top_items(document: Document) -> Iterator[Block]:
    for block in document.blocks:
        if block.kind == "list":
            yield from (child for child in block.children if child.kind == "item")


def _is_paper(document: Document, item: Block) -> bool:
    """Tell a reference with notes below it from a bullet of a note."""
    head = document.markup[item.start]
    names_it = bool(_URL.search(head)) and count_words(head) >= 2
    if not names_it and not (_YEAR.search(head) and head.count(". ") >= 2):
        return False
    below = "\n".join(document.markup[item.start + 1 : item.end])
    return count_words(below) >= _MIN_WORDS_OF_NOTES


def _title(line: str) -> str:
    """Find the title in `Authors. Title. Venue. Year. URL`, or take the words of the link."""
    linked = linked_title(_ODD_LINK.sub(r"[\1](\2)", line))
    if linked and len(linked[0].split()) > 1:
        return linked[0]
    text = plain(_URL.sub(" ", line)).strip(" .")
    pieces = [piece.strip() for piece in re.split(r"(?<=[^\s.][^\s.])[.?!]\s+", text)]
    if len(pieces) > 1 and (_AUTHORS.match(pieces[0]) or pieces[0].endswith("et al")):
        return pieces[1]
    return pieces[0] or text or line.strip()
