"""What was odd or wrong with a file, in one line: place, finding."""

from __future__ import annotations

from notesearch.records import Finding
from notesearch.render.terminal import escaped, printable


def remark_line(remark: Finding, *, left_out: bool = False) -> str:
    """Say what was odd or wrong with a file: place, finding."""
    path = escaped(remark.path)
    place = f"{path}, line {remark.line}" if remark.line else path
    skipped = "left out: " if left_out else ""
    return f"{place}: {skipped}{printable(remark.reason)}"
