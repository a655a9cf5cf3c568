"""Fit texts to a width: cut lines, break paragraphs at spaces, and set tables in columns.

rich wraps too, but loading it takes 12 ms of every question, and it breaks addresses, which stay
whole here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from notesearch.cells import cells, cut_to_cells
from notesearch.render.terminal import Style, printable
from notesearch.search.readable_text import BETWEEN_CELLS, CELL_BORDER
from notesearch.search.snippets import GAP, Piece

Line = Sequence[Piece]


def clipped(text: str, width: int) -> str:
    """Cut a line to a width behind a word, with a sign that it was cut.

    A word is broken where it is the first, or of a script that writes no spaces.
    """
    if cells(text) <= width:
        return text
    cut = cut_to_cells(text, width - 1)
    whole, space, broken = cut.rpartition(" ")
    return f"{whole} …" if space and whole and cells(broken) <= len(broken) else f"{cut}…"


def wrapped(text: Line, width: int) -> list[list[Piece]]:
    """Break a text at spaces and line ends into lines of a width; a longer word stands alone.

    Rows of a table that follow each other are set in columns.
    """
    if not any(piece.text.strip() for piece in text):
        return []
    lines: list[list[Piece]] = []
    table: list[list[list[Piece]]] = []
    for source in _split(text, "\n"):
        line = [Piece(printable(piece.text), piece.marked) for piece in source if piece.text]
        if line and line[0].text == GAP.text:
            line[0] = Piece(GAP.text.lstrip())
        if _is_row(line) or (table and _plain(line) == GAP.text.strip()):
            table.append(_cells_of(line))
            continue
        lines += _set_table(table, width)
        table = []
        lines += [line] if _width(line) <= width else _wrapped_line(line, width)
    return lines + _set_table(table, width)


def wrapped_words(text: str, style: Style, label: str = "") -> Iterator[str]:
    """Write a text behind a label; where lines are cut, on several, each as far in as the first."""
    indent = cells(label)
    shown = printable(text)
    lines = wrapped([Piece(shown)], max(style.width - indent, 1)) if style.cuts else []
    for number, line in enumerate(lines or [[Piece(shown)]]):
        start = " " * indent if number else label
        yield f"{start}{''.join(piece.text for piece in line)}"


def _plain(line: Line) -> str:
    return "".join(piece.text for piece in line).strip()


def _is_row(line: Line) -> bool:
    return any(BETWEEN_CELLS in piece.text for piece in line) or _plain(line).startswith(
        CELL_BORDER
    )


def _cells_of(line: Line) -> list[list[Piece]]:
    return [_stripped(cell) for cell in _split(line, CELL_BORDER)]


def _stripped(text: Line) -> list[Piece]:
    """Return a cell without the room around it."""
    cell = [piece for piece in text if piece.text]
    while cell and not cell[0].text.lstrip():
        del cell[0]
    while cell and not cell[-1].text.rstrip():
        del cell[-1]
    if cell:
        cell[0] = Piece(cell[0].text.lstrip(), cell[0].marked)
        cell[-1] = Piece(cell[-1].text.rstrip(), cell[-1].marked)
    return cell


def _set_table(rows: Sequence[Sequence[list[Piece]]], width: int) -> list[list[Piece]]:
    """Return rows in columns, with cells of several lines where they must be; else as text."""
    if not rows:
        return []
    widths = _column_widths(rows, width)
    lines: list[list[Piece]] = []
    for row in rows:
        if widths is None:
            text = [piece for cell in row for piece in (*cell, Piece(BETWEEN_CELLS))][:-1]
            lines += _wrapped_line(text, width)
        else:
            lines += _set_row(row, widths)
    return lines


def _column_widths(rows: Sequence[Sequence[Line]], width: int) -> list[int] | None:
    """Return the widths of columns that fit, the widest made narrower; None where words do not."""
    columns = [*zip_longest(*rows, fillvalue=())]
    room = width - len(BETWEEN_CELLS) * (len(columns) - 1)
    least = [
        max((_width(word) for cell in column for word in _split(cell, " ")), default=1)
        for column in columns
    ]
    if sum(least) > room:
        return None
    widths = [min(max(map(_width, column)), room) for column in columns]
    while sum(widths) > room:
        widest = max(
            (at for at in range(len(widths)) if widths[at] > least[at]), key=widths.__getitem__
        )
        widths[widest] -= 1
    return widths


def _set_row(row: Sequence[Line], widths: Sequence[int]) -> Iterator[list[Piece]]:
    broken = [_wrapped_line(cell, width) for cell, width in zip(row, widths, strict=False)]
    for parts in zip_longest(*broken, fillvalue=()):
        line: list[Piece] = []
        for at, part in enumerate(parts):
            line += [*([Piece(BETWEEN_CELLS)] if at else []), *part]
            if at < len(parts) - 1:
                line.append(Piece(" " * (widths[at] - _width(part))))
        yield line


def _wrapped_line(line: Sequence[Piece], width: int) -> list[list[Piece]]:
    lines: list[list[Piece]] = [[]]
    used = 0
    for word in _split(line, " "):
        if not any(piece.text for piece in word):
            continue
        for number, part in enumerate(_parts(word, width)):
            length = _width(part)
            if used and (number or used + 1 + length > width):
                lines.append([])
                used = 0
            if used:
                lines[-1].append(Piece(" "))
                used += 1
            lines[-1].extend(part)
            used += length
    return lines


def _split(text: Sequence[Piece], separator: str) -> list[list[Piece]]:
    """Split a text, each part as the pieces it consists of."""
    parts: list[list[Piece]] = [[]]
    for piece in text:
        first, *others = piece.text.split(separator)
        parts[-1].append(Piece(first, piece.marked))
        parts += [[Piece(other, piece.marked)] for other in others]
    return parts


def _parts(word: list[Piece], width: int) -> list[list[Piece]]:
    """Break a long word of wide signs, whose scripts write no spaces; others stay whole."""
    length = _width(word)
    if length <= width or length <= sum(len(piece.text) for piece in word):
        return [word]
    parts: list[list[Piece]] = [[]]
    for piece in word:
        rest = piece.text
        while rest:
            part = cut_to_cells(rest, width - _width(parts[-1]))
            part = part or ("" if parts[-1] else rest[0])
            if part:
                parts[-1].append(Piece(part, piece.marked))
                rest = rest[len(part) :]
            else:
                parts.append([])
    return parts


def _width(text: Sequence[Piece]) -> int:
    return sum(cells(piece.text) for piece in text)
