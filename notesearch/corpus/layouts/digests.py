"""Split a digest, which has several papers in one file: as headings, bullets, or table rows."""

from __future__ import annotations

import re
from enum import Enum
from itertools import takewhile

from notesearch.corpus.document import Document, Part, fills
from notesearch.corpus.facts.dates import parse_date
from notesearch.corpus.facts.papers import PAPER_LINK, is_paper_line
from notesearch.corpus.facts.title import is_generic_heading
from notesearch.corpus.markdown_lines import (
    ANY_LINK,
    HeadingLine,
    count_words,
    count_words_beside_links,
    linked_title,
    mend_links,
    plain,
    without_marker,
)
from notesearch.records import Block
from notesearch.spelling import paper_id

# So many headings with a link show the habit; fewer may be the sources of one note.
_ENOUGH_LINKED = 3
_MIN_LINKED_SHARE = 0.6
# The paper of a heading may be named just below it: `[Paper](url)` or a link within these lines.
_LINES_TO_PAPER = 4
_NUMBER_OF_HEADING = re.compile(r"^\s*(?:\(?\d{1,3}[.):]\)?|[-*•])\s+")
_LONE_LINK = re.compile(r"\s{0,3}[-*+]\s+\[[^\[\]]+\]\(http[^\s()]*\)\s*")


class _PaperSign(Enum):
    """How a heading names a paper."""

    LINK = "links to the web"
    LABEL = "has `[Paper](…)` below it"
    PAPER = "links to the address of a paper"


def split_headings(
    document: Document, *, asked: bool = False, level: int | None = None
) -> list[Part] | None:
    """Cut at the headings that name papers; None when no level of them does.

    The topics of a paper are the headings above.
    """
    level = level or _paper_level(document)
    parts = [
        Part(
            range(heading.position, document.heading_ends[number]),
            _NUMBER_OF_HEADING.sub("", heading.text),
            tuple(above.text for above in document.topic_paths[number][:-1]),
        )
        for number, heading in enumerate(document.headings)
        if heading.level == level and (asked or _may_be_paper(document, number))
    ]
    return parts if parts and (asked or fills(document, parts)) else None


def _paper_level(document: Document) -> int | None:
    """Return the level on which most headings name a paper; None when there is no such level."""
    for level in range(1, 7):
        here = [
            number
            for number, heading in enumerate(document.headings)
            if heading.level == level and _may_be_paper(document, number)
        ]
        if len(here) < 2:
            continue
        signs = [_paper_sign(document, document.headings[number]) for number in here]
        named = len(here) - signs.count(None)
        if named < _ENOUGH_LINKED or _is_below_linked(document, here[0]):
            is_digest = named == len(here) and _PaperSign.LINK not in signs
        else:
            is_digest = named >= _MIN_LINKED_SHARE * len(here)
        if is_digest and _PaperSign.PAPER in signs:
            return level
    return None


def _may_be_paper(document: Document, number: int) -> bool:
    """Return whether a heading names no mere section, and has text below it."""
    heading = document.headings[number]
    below = document.markup[heading.position + 1 : document.heading_ends[number]]
    return not is_generic_heading(heading.text) and any(map(count_words, below))


def _is_below_linked(document: Document, number: int) -> bool:
    """Return whether a heading stands below another that is a paper's title: parts of one note."""
    above = document.topic_paths[number][:-1]
    return any(linked_title(document.markup[heading.position]) for heading in above)


def _paper_sign(document: Document, heading: HeadingLine) -> _PaperSign | None:
    start = heading.position
    line = document.markup[start]
    if linked_title(line):
        return _PaperSign.PAPER if paper_id(line) or ".pdf" in line else _PaperSign.LINK
    following = document.markup[start + 1 : start + 1 + _LINES_TO_PAPER]
    below = list(takewhile(lambda line: not line.startswith("#"), following))
    paper_lines = [line for line in below if "/" in line and is_paper_line(line)]
    first = next(filter(str.strip, below), "")
    if any(map(paper_id, paper_lines)) or (_LONE_LINK.fullmatch(first) and paper_id(first)):
        return _PaperSign.PAPER
    return _PaperSign.LABEL if any(map(PAPER_LINK.search, paper_lines)) else None


# `[Paper](url)`, also in brackets of its own: `[[Paper](url), [Code](url)]`
_URL = re.compile(r"\[[^\[\]]*\]\([^()\s]*\)|<?https?://\S+")
_EMPTY_BRACKETS = re.compile(r"\[[\s,;|/]*\]|\([\s,;|/]*\)")
_YEAR_OF_REFERENCE = re.compile(r"\b(?:19[5-9]\d|20[0-4]\d)\b")
_AUTHORS = re.compile(r"^[A-ZÀ-Þ][\w.'’-]*(?:[ ,&]+(?:and |et al|[A-ZÀ-Þ])[\w.'’-]*)*$")
_QUOTED = re.compile(r"^(?P<authors>[^\"“]*)[\"“](?P<title>[^\"“”]{8,250})[\"”](?!\s*:)")
_STOP = re.compile(r"(?<=[^\s.][^\s.])(?<!\bvs)\.\s+")
# The end of a reference: `, Scientific Reports, 2013`, ` NIPS 2013`; or the words before its title.
_VENUE_AT_END = re.compile(r"(?:,\s+[A-Z][^,]{1,60},?|\s[A-Z]{3,8})\s['’]?(?:(?:19|20)\d\d|\d\d)$")
_VENUE = re.compile(r"[A-Z][\w&'’-]*(?:\s[\w&'’-]+){0,3}\s['’]?(?:(?:19|20)\d\d|\d\d)")
_QUESTION = re.compile(r"(.{8,}[?!])\s+(.+)")
_MIN_WORDS_OF_NOTES = 4
_MAX_WRAPPED = 3  # lines of a name with its link


def split_bullets(document: Document, *, asked: bool = False) -> list[Part] | None:
    """Cut a list of papers with notes below each: `* Authors. Title. Venue. Year. URL`.

    None when it is no such list.
    """
    items = [
        item
        for block in document.blocks
        if block.kind == "list"
        for item in block.children
        if item.kind == "item"
    ]
    papers = [item for item in items if asked or _is_paper_item(document, item)]
    if len(papers) < (1 if asked else 3):
        return None
    parts = [
        Part(
            range(item.start, item.end),
            _title_of_reference(_opening_of_item(document, item)[0]),
            document.topics_at(item.start),
        )
        for item in papers
    ]
    return parts if asked or (2 * len(papers) >= len(items) and fills(document, parts)) else None


def _is_paper_item(document: Document, item: Block) -> bool:
    """Distinguish a reference with notes below it from a bullet of a note."""
    line, end = _opening_of_item(document, item)
    is_linked = _URL.search(line) and (
        count_words(line) >= 2 or not is_generic_heading(plain(line))
    )
    if not is_linked and not (_YEAR_OF_REFERENCE.search(line) and line.count(". ") >= 2):
        return False
    return count_words("\n".join(document.markup[end : item.end])) >= _MIN_WORDS_OF_NOTES


def _opening_of_item(document: Document, item: Block) -> tuple[str, int]:
    """Return the line that an item opens with, joined where its link wraps, and where it ends."""
    first = without_marker(document.markup[item.start])
    end = min(item.children[0].end if item.children else item.end, item.start + _MAX_WRAPPED)
    if "://" not in first:
        for last in range(item.start + 1, end):
            if "](http" in document.markup[last]:
                wrapped = (line.strip() for line in document.markup[item.start + 1 : last + 1])
                return " ".join([first.rstrip(), *wrapped]), last + 1
    return first, item.start + 1


def _title_of_reference(line: str) -> str:
    """Find the title in `Authors. Title. Venue. Year. URL`, or take the words of the link."""
    linked = linked_title(mend_links(line))
    if linked and not is_generic_heading(linked[0]):
        return linked[0]
    text = _EMPTY_BRACKETS.sub(" ", _URL.sub(" ", line))
    text = plain(_EMPTY_BRACKETS.sub(" ", text)).strip(" .,;:–—-")
    quoted = _QUOTED.match(text)
    if quoted and _are_authors(quoted["authors"].strip(" .,:")):
        return quoted["title"].strip(" .,")
    pieces = [piece.strip() for piece in _STOP.split(text) if piece.strip()]
    if len(pieces) > 1 and _are_authors(pieces[0]):
        pieces = pieces[1:]
    if len(pieces) > 1 and _VENUE.fullmatch(pieces[0]):
        pieces = pieces[1:]
    if not pieces:
        return line.strip()
    # `Is it Good? EMNLP 2008` is a title and its venue, `Is it Good? A Study of Labels` a title.
    question = _QUESTION.fullmatch(pieces[0])
    if question and (_VENUE.fullmatch(question[2]) or _YEAR_OF_REFERENCE.fullmatch(question[2])):
        return question[1]
    return _VENUE_AT_END.sub("", pieces[0]).rstrip(" ,.") or pieces[0]


def _are_authors(text: str) -> bool:
    return not text or text.endswith("et al") or _AUTHORS.match(text) is not None


_CELL_BORDER = re.compile(r"(?<!\\)\|")
_BOLD_NAME = re.compile(r"^\W*(?:\d+[.)]\s*)?\*\*(.+?)\*\*")
_NUMBER_OF_ROW = re.compile(r"^\s*\d{1,4}[.)]\s*")
_RUN_ON = re.compile(r"\s{2,}|<br */?>|\s[–—-]\s|\s(?=This (?:paper|work|study)\s)")
_LETTER = re.compile(r"[^\W\d_]")
_NAME_HEADS = ("title", "paper title", "paper", "name", "paper name", "papers")
_YEAR_HEADS = ("year", "published", "publication date", "release date", "released")
_YEAR_OF_CELL = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_MIN_WORDS_OF_ROW = 6
_MIN_PAPER_SHARE = 0.6
# A row with a link to another note of the folder only names it, unless it has so many other words.
_TO_A_FILE = re.compile(r"(?<!!)\[[^\[\]]*\]\((?!https?:|#)")
_MIN_WORDS_BESIDE = 8


# The columns of a table in which the names of the papers stand, and their years.
_Columns = tuple[int | None, int | None]


def split_table_rows(document: Document, *, asked: bool = False) -> list[Part] | None:
    """Cut tables of papers into a note a row: each has a link, a name and a line on it.

    None when the file is not made of such rows.
    """
    rows = [
        (row.start, columns)
        for table in document.blocks
        if table.kind == "table"
        for columns in [_columns(document.markup[table.start])]
        for row in table.children[1:]
        if row.kind == "row"
    ]
    papers = [row for row in rows if _is_paper_row(document.markup[row[0]])]
    if len(papers) < (1 if asked else 3):
        return None
    parts = [_part_of_row(document, position, columns) for position, columns in papers]
    enough = len(papers) >= _MIN_PAPER_SHARE * len(rows)
    return parts if asked or (enough and fills(document, parts)) else None


def _is_paper_row(row: str) -> bool:
    if "http" not in row or count_words(row) < _MIN_WORDS_OF_ROW:
        return False
    return not _TO_A_FILE.search(row) or count_words_beside_links(row) >= _MIN_WORDS_BESIDE


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in _CELL_BORDER.split(row.strip().strip("|"))]


def _columns(head: str) -> _Columns:
    """Read a table's head; a date beside the names of papers is theirs, not the note's."""
    heads = [plain(cell).casefold() for cell in _cells(head)]
    title = next((heads.index(name) for name in _NAME_HEADS if name in heads), None)
    if title is None:
        return None, None
    names = (*_YEAR_HEADS, "date") if "paper" in heads[title] else _YEAR_HEADS
    return title, next((heads.index(name) for name in names if name in heads), None)


def _part_of_row(document: Document, position: int, columns: _Columns) -> Part:
    cells = _cells(document.markup[position])
    written = dict(enumerate(cells))
    title_column, year_column = columns
    published = written.pop(year_column, "") if year_column is not None else ""
    year = _YEAR_OF_CELL.search(plain(published))
    # A number alone in a cell is as likely a count as a year.
    dates = (parse_date(plain(cell)) for cell in written.values())
    if title_column is not None and title_column < len(cells):
        cells = [cells[title_column], *cells]
    return Part(
        range(position, position + 1),
        _name_of_row(cells),
        document.topics_at(position),
        date=next((date for date in dates if date and "-" in date), None),
        year=int(year[0]) if year else None,
    )


def _name_of_row(cells: list[str]) -> str:
    """Take the bold words of a row, else the name at the start of its first cell with words."""
    for cell in cells:
        bold = _BOLD_NAME.match(cell)
        if bold and count_words(bold[1]):
            return plain(bold[1])
    cell = next(filter(_may_be_name, cells), cells[0])
    # A name run into its summary: `2) V-JEPA 2  Meta AI introduces …`
    name = _RUN_ON.split(cell, maxsplit=1)[0]
    link = ANY_LINK.search(cell) if "[" in name else None
    if link:  # the name, whatever signs are in its words
        name = cell[: link.end()] + _RUN_ON.split(cell[link.end() :], maxsplit=1)[0]
    return _NUMBER_OF_ROW.sub("", plain(name)) or _NUMBER_OF_ROW.sub("", plain(cell))


def _may_be_name(cell: str) -> bool:
    text = plain(cell)
    return _LETTER.search(text) is not None and parse_date(text) is None
