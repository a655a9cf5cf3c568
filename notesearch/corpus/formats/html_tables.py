"""Cells in, rows of a Markdown table out."""

from __future__ import annotations


class TableRows:
    """The row of a table that is being read; the first row is the header."""

    def __init__(self) -> None:
        self.line = 0  # of the page, where the row's first text stands
        self._cells: list[str] = []
        self._in_cell = False
        self._is_first = True

    def begin_cell(self) -> None:
        """Open a cell."""
        self._in_cell = True

    def end_cell(self, text: str, line: int) -> bool:
        """Close the cell that is open and keep its text; tell whether there was one."""
        if not self._in_cell:
            return False
        if text and not any(self._cells):
            self.line = line
        self._cells.append(text.replace("|", r"\|"))
        self._in_cell = False
        return True

    def end_row(self) -> list[str]:
        """Give the row, with the rule below the header; nothing for a row without text."""
        cells, self._cells = self._cells, []
        if not any(cells):
            return []
        rows = [f"| {' | '.join(cells)} |"]
        if self._is_first:
            rows.append("|" + "---|" * len(cells))
            self._is_first = False
        return rows
