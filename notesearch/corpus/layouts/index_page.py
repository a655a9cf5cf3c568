"""Recognise the pages that only name other notes: they steal the first rank from the notes.

Left out of the ranking they raised nDCG@10 on real notes from 0.504 to 0.516.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from notesearch.corpus.document import Document, Part
from notesearch.corpus.facts import year_from_venue_line
from notesearch.corpus.markdown_lines import ANY_LINK, count_words, count_words_beside_links
from notesearch.records import NoteKind

_INDEX_NAMES = {"readme", "index", "summary", "toc", "contents", "_index", "home", "moc"}
_ABOUT_THE_FOLDER = {"license", "licence", "contributing", "code_of_conduct", "changelog"}
_HEADING = re.compile(r"\s*#{1,6}\s|[\s|:=-]+$")
# Words beside the links of a line: `- Title [[arXiv](url)]` names a paper, more is a note on it.
_MAX_WORDS_BESIDE = 14
_MIN_LINKS = 3
_LINKING_SHARE = 0.7
_LONGEST_NAMES = 400
# A list of papers of which only some are linked yet.
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s")
_MIN_NAMING_SHARE = 0.2
_NAMED_SHARE = 0.9
_MAX_LINES_OF_TITLE = 12


def keep_index_page(document: Document, *, asked: bool = False) -> list[Part] | None:
    """Take a page whole and mark it, when most of its lines do no more than link."""
    if not asked and not _is_index_page(document):
        return None
    return [Part(range(len(document.lines)), kind=NoteKind.INDEX_PAGE)]


def _is_index_page(document: Document) -> bool:
    name = PurePosixPath(document.path).stem.lower()
    if name in _ABOUT_THE_FOLDER:
        return True
    by_name = name in _INDEX_NAMES
    if not by_name and _says_more_than_links(document.markup):
        return _is_title_alone(document)
    texts = _texts(document)
    if not texts:
        return by_name
    naming = sum(_links(line) and _says_little(line) for line in texts)
    if by_name:
        return (
            naming >= 0.5 * len(texts)
            or sum(map(count_words, texts)) < 20
            or _lists_names(texts, naming)
        )
    if naming < max(_MIN_LINKS, _LINKING_SHARE * len(texts)):
        return False
    return sum(map(count_words_beside_links, texts)) < 20 * naming


def _says_more_than_links(markup: Sequence[str]) -> bool:
    """Recognise most notes by a glance at their lines, without reading any of them."""
    links = sum(map(_may_link, markup))
    if links < _MIN_LINKS:
        return True
    texts = sum(not line[:1].isspace() and not _HEADING.match(line) for line in markup if line)
    return links < _LINKING_SHARE * texts


def _may_link(line: str) -> bool:
    return "[" in line or "://" in line


def _links(line: str) -> bool:
    """Return whether a line links; a figure is something to look at."""
    return _may_link(line) and not line.startswith("![") and ANY_LINK.search(line) is not None


def _says_little(line: str) -> bool:
    return count_words_beside_links(line) <= _MAX_WORDS_BESIDE


def _lists_names(texts: Sequence[str], naming: int) -> bool:
    """Distinguish a list of papers, of which some are linked, from a note in bullets."""
    if naming < max(_MIN_LINKS, _MIN_NAMING_SHARE * len(texts)):
        return False
    named = sum(_ITEM.match(line) is not None and _says_little(line) for line in texts)
    return named >= _NAMED_SHARE * len(texts)


def _is_title_alone(document: Document) -> bool:
    """Recognise a file that was begun and never written: one heading and no text."""
    return (
        len(document.markup) <= _MAX_LINES_OF_TITLE
        and sum(bool(line.strip()) for line in document.markup) <= 2
        and len(document.headings) == 1
        and not _texts(document)
    )


def _texts(document: Document) -> list[str]:
    """Return the lines that are neither blank nor headings, rules or names of authors."""
    headings = {heading.position for heading in document.headings}
    return [
        line
        for position, line in enumerate(document.markup)
        if line.strip()
        and position not in headings
        and not _HEADING.match(line)
        and not _names_authors(line)
    ]


def _names_authors(line: str) -> bool:
    """Return whether a line is the one of authors and venue below a link."""
    below_a_link = line[:1].isspace() and len(line) <= _LONGEST_NAMES
    return below_a_link and year_from_venue_line(line) is not None
