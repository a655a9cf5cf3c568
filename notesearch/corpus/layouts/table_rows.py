"""A digest in tables: every row is a paper, with a link, a name and a line on it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from notesearch.corpus.document import Document
from notesearch.corpus.facts.dates import parse_date
from notesearch.corpus.layouts.part import LINK, Part, count_words, fills, with_rest
from notesearch.corpus.text import plain
from notesearch.records import NoteKind

_CELL = re.compile(r"(?<!\\)\|")
_BOLD_NAME = re.compile(r"^\W*(?:\d+[.)]\s*)?\*\*(.+?)\*\*")
_NUMBERING = re.compile(r"^\s*\d{1,4}[.)]\s*")
_RUN_ON = re.compile(r"\s{2,}|<br */?>|\s[–—-]\s|\s(?=This (?:paper|work|study)\s)")
_LETTER = re.compile(r"[^\W\d_]")
_NAME_HEADS = ("title", "paper title", "paper", "name", "paper name", "papers")
_MIN_WORDS = 6
# A row that links another note of the folder only names it, unless it says so much beside.
_TO_A_FILE = re.compile(r"(?<!!)\[[^\[\]]*\]\((?!https?:|#)")
_MIN_WORDS_BESIDE = 8


def split_table_rows(document: Document, *, asked: bool = False) -> list[Part] | None:
    """Cut tables of papers into a note a row; None when the file is not made of them."""
    rows = list(_rows(document))
    papers = [(row, column) for row, column in rows if _is_paper(document.markup[row])]
    if len(papers) < (1 if asked else 3):
        return None
    parts = [_part(document, row, column) for row, column in papers]
    if not asked and (len(papers) < 0.6 * len(rows) or not fills(document, parts)):
        return None
    return with_rest(document, parts)


def _rows(document: Document) -> Iterator[tuple[int, int | None]]:
    """Yield the rows of all tables: the position, and the column that names stand in, if known."""
    for table in document.blocks:
        if table.kind == "table":
            column = _title_column(document.markup[table.start])
            yield from ((row.start, column) for row in table.children[1:] if row.kind == "row")


def _is_paper(row: str) -> bool:
    if "http" not in row or count_words(row) < _MIN_WORDS:
        return False
    return not _TO_A_FILE.search(row) or count_words(LINK.sub(" ", row)) >= _MIN_WORDS_BESIDE


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in _CELL.split(row.strip().strip("|"))]


def _title_column(head: str) -> int | None:
    """Find the column whose head says that the papers' names stand in it."""
    heads = [plain(cell).casefold() for cell in _cells(head)]
    return next((n for name in _NAME_HEADS for n, text in enumerate(heads) if text == name), None)


def _part(document: Document, position: int, title_column: int | None) -> Part:
    cells = _cells(document.markup[position])
    # A number alone in a cell is as likely a count as a year.
    dates = [date for cell in cells if (date := parse_date(plain(cell))) and "-" in date]
    if title_column is not None and title_column < len(cells):
        cells = [cells[title_column], *cells]
    return Part(
        range(position, position + 1),
        NoteKind.DIGEST_PART,
        _name(cells),
        document.topics_at(position),
        dates[0] if dates else None,
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
