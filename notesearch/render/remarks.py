"""What was odd or wrong with a file, in one line: place, finding."""

from __future__ import annotations

from notesearch.records import Finding, SkippedFile


def remark_line(remark: Finding | SkippedFile) -> str:
    """Say what was odd or wrong with a file: place, finding."""
    place = f"{remark.path}, line {remark.line}" if remark.line else remark.path
    skipped = "left out: " if isinstance(remark, SkippedFile) else ""
    return f"{place}: {skipped}{remark.reason}"
