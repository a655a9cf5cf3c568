"""A digest by bullets: `* Authors. Title. Venue. Year. URL`, the notes as bullets below it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from notesearch.corpus.document import Document
from notesearch.corpus.facts.title import is_generic_heading
from notesearch.corpus.layouts.note_parts import Part, count_words, fills, with_rest
from notesearch.corpus.text import linked_title, mend_links, plain, without_marker
from notesearch.records import Block, NoteKind

# `[Paper](url)`, also in brackets of its own: `[[Paper](url), [Code](url)]`
_URL = re.compile(r"\[[^\[\]]*\]\([^()\s]*\)|<?https?://\S+")
_EMPTY_BRACKETS = re.compile(r"\[[\s,;|/]*\]|\([\s,;|/]*\)")
_YEAR = re.compile(r"\b(?:19[5-9]\d|20[0-4]\d)\b")
_AUTHORS = re.compile(r"^[A-ZÀ-Þ][\w.'’-]*(?:[ ,&]+(?:and |et al|[A-ZÀ-Þ])[\w.'’-]*)*$")
_QUOTED = re.compile(r"^(?P<authors>[^\"“]*)[\"“](?P<title>[^\"“”]{8,250})[\"”](?!\s*:)")
_STOP = re.compile(r"(?<=[^\s.][^\s.])(?<!\bvs)\.\s+")
# What ends a reference: `, Scientific Reports, 2013`, ` NIPS 2013`; or stands before its title.
_VENUE_AT_END = re.compile(r"(?:,\s+[A-Z][^,]{1,60},?|\s[A-Z]{3,8})\s['’]?(?:(?:19|20)\d\d|\d\d)$")
_VENUE = re.compile(r"[A-Z][\w&'’-]*(?:\s[\w&'’-]+){0,3}\s['’]?(?:(?:19|20)\d\d|\d\d)")
_MIN_WORDS_OF_NOTES = 4
_MAX_WRAPPED = 3  # lines of a name with its link


def split_bullets(document: Document, *, asked: bool = False) -> list[Part] | None:
    """Cut a list of papers with notes below each; None when it is no such list."""
    items = [item for item in _top_items(document) if asked or _is_paper(document, item)]
    if len(items) < (1 if asked else 3):
        return None
    parts = []
    for item in items:
        line = _head(document, item)[0]
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
    head, end = _head(document, item)
    if not _names_paper(head) and not (_YEAR.search(head) and head.count(". ") >= 2):
        return False
    return count_words("\n".join(document.markup[end : item.end])) >= _MIN_WORDS_OF_NOTES


def _head(document: Document, item: Block) -> tuple[str, int]:
    """Give the line that an item opens with and where it ends, joined where its link wraps."""
    first = without_marker(document.markup[item.start])
    end = min(item.children[0].end if item.children else item.end, item.start + _MAX_WRAPPED)
    if "://" not in first:
        for last in range(item.start + 1, end):
            if "](http" in document.markup[last]:
                wrapped = (line.strip() for line in document.markup[item.start + 1 : last + 1])
                return " ".join([first.rstrip(), *wrapped]), last + 1
    return first, item.start + 1


def _names_paper(line: str) -> bool:
    """Tell a line with a link and a name from `[link](url)`."""
    if _URL.search(line) is None:
        return False
    return count_words(line) >= 2 or not is_generic_heading(plain(line))


def _title(line: str) -> str:
    """Find the title in `Authors. Title. Venue. Year. URL`, or take the words of the link."""
    linked = linked_title(mend_links(line))
    if linked and not is_generic_heading(linked[0]):
        return linked[0]
    text = _EMPTY_BRACKETS.sub(" ", _URL.sub(" ", line))
    text = plain(_EMPTY_BRACKETS.sub(" ", text)).strip(" .,;:–—-")
    quoted = _QUOTED.match(text)
    if quoted and _names_authors(quoted["authors"].strip(" .,:")):
        return quoted["title"].strip(" .,")
    pieces = [piece.strip() for piece in _STOP.split(text) if piece.strip()]
    if len(pieces) > 1 and _names_authors(pieces[0]):
        pieces = pieces[1:]
    if len(pieces) > 1 and _VENUE.fullmatch(pieces[0]):
        pieces = pieces[1:]
    return _without_venue(pieces[0]) if pieces else line.strip()


def _names_authors(text: str) -> bool:
    return not text or text.endswith("et al") or _AUTHORS.match(text) is not None


def _without_venue(title: str) -> str:
    """Take `Is it Good? EMNLP 2008` apart, but not `Is it Good? A Study of Labels`."""
    question = re.match(r"(.{8,}[?!])\s+(.+)$", title)
    if question and (_VENUE.fullmatch(question[2]) or _YEAR.fullmatch(question[2])):
        return question[1]
    return _VENUE_AT_END.sub("", title).rstrip(" ,.") or title
