"""Find the notes in a file: one function and one row of LAYOUTS for each way seen in the wild.

A layout is a function `split(document, asked=False)` that returns the parts of the file that
are notes of their own, or None when the file is laid out in another way. `asked` is true when a
reading rule of the settings names the layout: then its doubts are left aside.

Two layouts keep a file whole: a note, and a page that only names other notes. Such a page steals
the first rank from the notes: left out of the ranking they raised nDCG@10 from 0.504 to 0.516.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import PurePosixPath

from notesearch.corpus.decode import UnreadableError
from notesearch.corpus.document import Document, Part
from notesearch.corpus.facts import year_from_venue_line
from notesearch.corpus.layouts.copied_pages import split_cards, split_feed, split_listing
from notesearch.corpus.layouts.digests import split_bullets, split_headings, split_table_rows
from notesearch.corpus.markdown_lines import ANY_LINK, count_words, count_words_beside_links
from notesearch.corpus.reading_rules import ReadingRule, compile_record_start
from notesearch.records import NoteKind

# `^(a|aa)+$` would take years for a line of 60 signs; sound patterns take milliseconds a file.
_MOST_SECONDS = 0.5
# The text around the papers of a digest is a note itself from so many words on.
_MIN_WORDS_OF_NOTE = 80

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


def _keep_index_page(document: Document, *, asked: bool = False) -> list[Part] | None:
    """Take a page whole and mark it, when most of its lines do no more than link."""
    if not asked and not _is_index_page(document):
        return None
    return [Part(range(len(document.lines)), kind=NoteKind.INDEX_PAGE)]


def _keep_whole(document: Document, *, asked: bool = False) -> list[Part]:
    """Take a document as one note: most files."""
    return [Part(range(len(document.lines)), kind=NoteKind.NOTE)]


# Tried in this order: the sharper the sign, the earlier.
LAYOUTS: Mapping[str, Callable[..., list[Part] | None]] = {
    "cards": split_cards,
    "feed": split_feed,
    "rows": split_table_rows,
    "index page": _keep_index_page,
    "headings": split_headings,
    "bullets": split_bullets,
    "listing": split_listing,
    "none": _keep_whole,
}


def split_document(document: Document, rule: ReadingRule | None = None) -> list[Part]:
    """Cut a document into its notes: by the rule if there is one, else by its own signs."""
    parts = _by_rule(document, rule) if rule else None
    splits = (split(document) for split in LAYOUTS.values())
    return _with_rest(document, parts or next(filter(None, splits)))


def _with_rest(document: Document, parts: Sequence[Part]) -> list[Part]:
    """Add the lines around the parts as a last one, so that no word of a file is lost."""
    taken = {position for part in parts for position in part.positions}
    rest = [position for position in range(len(document.lines)) if position not in taken]
    words = sum(count_words(document.lines[position]) for position in rest)
    if words == 0:
        return list(parts)
    heads = {block.start for block in document.blocks if block.kind in ("heading", "table")}
    prose = (document.markup[position] for position in rest if position not in heads)
    is_note = words >= _MIN_WORDS_OF_NOTE <= sum(map(count_words_beside_links, prose))
    return [*parts, Part(rest, kind=NoteKind.NOTE if is_note else NoteKind.INDEX_PAGE)]


def _by_rule(document: Document, rule: ReadingRule) -> list[Part] | None:
    if rule.record_start:
        starts = list(_find_starts(document, rule.record_start))
        return [Part(range(*ends)) for ends in pairwise([*starts, len(document.lines)])]
    if rule.split == "headings" and rule.level:
        return split_headings(document, asked=True, level=rule.level)
    layout = LAYOUTS.get(rule.split or "")
    return layout(document, asked=True) if layout else None


def _find_starts(document: Document, pattern: str) -> Iterator[int]:
    """Find the lines that match a pattern of the user's own, all of them in a bounded time."""
    try:
        start = compile_record_start(pattern)
    except ValueError as error:  # rules that no settings file has brought
        raise UnreadableError(f"record_start {pattern!r} is no pattern: {error}") from error
    began = time.process_time()
    for position, line in enumerate(document.lines):
        left = began + _MOST_SECONDS - time.process_time()
        try:
            if start.search(line, timeout=max(left, 0.001)):
                yield position
        except TimeoutError as error:
            reason = f"record_start {pattern!r} takes too long here; use no repeats within repeats"
            raise UnreadableError(reason, document.numbers[position]) from error


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
