"""A digest in tables: every row is a paper, with a link, a name and a line on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from notesearch.corpus.document import Document
from notesearch.corpus.facts.dates import parse_date
from notesearch.corpus.layouts.note_parts import LINK, Part, count_words, fills, with_rest
from notesearch.corpus.text import plain
from notesearch.records import NoteKind

_CELL = re.compile(r"(?<!\\)\|")
_BOLD_NAME = re.compile(r"^\W*(?:\d+[.)]\s*)?\*\*(.+?)\*\*")
_NUMBERING = re.compile(r"^\s*\d{1,4}[.)]\s*")
_RUN_ON = re.compile(r"\s{2,}|<br */?>|\s[–—-]\s|\s(?=This (?:paper|work|study)\s)")
_LETTER = re.compile(r"[^\W\d_]")
_NAME_HEADS = ("title", "paper title", "paper", "name", "paper name", "papers")
_YEAR_HEADS = ("year", "published", "publication date", "release date", "released")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_MIN_WORDS = 6
# A row that links another note of the folder only names it, unless it says so much beside.
_TO_A_FILE = re.compile(r"(?<!!)\[[^\[\]]*\]\((?!https?:|#)")
_MIN_WORDS_BESIDE = 8


class _Columns(NamedTuple):
    """Where a table says that the names of the papers stand, and when these came out."""

    title: int | None
    year: int | None


def split_table_rows(document: Document, *, asked: bool = False) -> list[Part] | None:
    """Cut tables of papers into a note a row; None when the file is not made of them."""
    rows = list(_rows(document))
    papers = [(row, columns) for row, columns in rows if _is_paper(document.markup[row])]
    if len(papers) < (1 if asked else 3):
        return None
    parts = [_part(document, row, columns) for row, columns in papers]
    if not asked and (len(papers) < 0.6 * len(rows) or not fills(document, parts)):
        return None
    return with_rest(document, parts)


def _rows(document: Document) -> Iterator[tuple[int, _Columns]]:
    """Yield the rows of all tables: the position, and what its columns are known to hold."""
    for table in document.blocks:
        if table.kind == "table":
            columns = _columns(document.markup[table.start])
            yield from ((row.start, columns) for row in table.children[1:] if row.kind == "row")


def _is_paper(row: str) -> bool:
    if "http" not in row or count_words(row) < _MIN_WORDS:
        return False
    return not _TO_A_FILE.search(row) or count_words(LINK.sub(" ", row)) >= _MIN_WORDS_BESIDE


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in _CELL.split(row.strip().strip("|"))]


def _columns(head: str) -> _Columns:
    """Read a table's head; a date beside the names of papers is theirs, not the note's."""
    heads = [plain(cell).casefold() for cell in _cells(head)]
    title = next((heads.index(name) for name in _NAME_HEADS if name in heads), None)
    if title is None:
        return _Columns(None, None)
    names = (*_YEAR_HEADS, "date") if "paper" in heads[title] else _YEAR_HEADS
    return _Columns(title, next((heads.index(name) for name in names if name in heads), None))


def _part(document: Document, position: int, columns: _Columns) -> Part:
    cells = _cells(document.markup[position])
    written = dict(enumerate(cells))
    published = written.pop(columns.year, "") if columns.year is not None else ""
    year = _YEAR.search(plain(published))
    # A number alone in a cell is as likely a count as a year.
    texts = map(plain, written.values())
    dates = [date for text in texts if (date := parse_date(text)) and "-" in date]
    if columns.title is not None and columns.title < len(cells):
        cells = [cells[columns.title], *cells]
    return Part(
        range(position, position + 1),
        NoteKind.DIGEST_PART,
        _name(cells),
        document.topics_at(position),
        dates[0] if dates else None,
        int(year[0]) if year else None,
    )


def _may_be_name(cell: str) -> bool:
    return _LETTER.search(cell) is not None and parse_date(cell) is None


def _name(cells: list[str]) -> str:
    """Take the bold words of a row, else the name at the start of its first cell with words."""
    for cell in cells:
        bold = _BOLD_NAME.match(cell)
        if bold and count_words(bold[1]):
            return plain(bold[1])
    cell = next((cell for cell in cells if _may_be_name(plain(cell))), cells[0])
    # A name run into its summary: `2) V-JEPA 2  Meta AI introduces …`
    name = _RUN_ON.split(cell, maxsplit=1)[0]
    link = LINK.search(cell) if "[" in name else None
    if link:  # the name, whatever signs are in its words
        name = cell[: link.end()] + _RUN_ON.split(cell[link.end() :], maxsplit=1)[0]
    return _NUMBERING.sub("", plain(name)) or _NUMBERING.sub("", plain(cell))
