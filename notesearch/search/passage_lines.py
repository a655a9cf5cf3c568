"""Take the lines of a passage as a reader does: headings, paragraphs, items, rows, code."""

from __future__ import annotations

import re

from notesearch.search.readable_text import is_fence, is_in_code, is_separated

# The heading of a section is shown beside the place already.
_HEADING_LINES = re.compile(r"\A(?:\s*#{1,6} [^\n]*\n)+\s*")
# What begins a line that no other line runs into.
_LINE_OPENER = re.compile(r"\s*(?:[-*+>] |\||#{1,6} |\d+[.)] )")
_HEADING = re.compile(r" {0,3}#{1,6} +")


def without_heading(text: str) -> str:
    """Return a passage without the headings that it begins with, unless it has nothing else."""
    return _HEADING_LINES.sub("", text, count=1) or text


def join_lines(text: str, *, raw: bool) -> str:
    """Return a text with a space for each line end inside a paragraph.

    A heading stands between blank lines: it is no sentence with the text beside it. Its marks are
    left out, but for `raw`.
    """
    shown: list[str] = []
    before, is_code = None, False
    for line in text.split("\n"):
        if before is not None:
            shown.append(_between(before, line, is_code=is_code))
        shown.append(line if raw or is_code else _HEADING.sub("", line, count=1))
        before, is_code = line, is_in_code(line, is_code)
    return "".join(shown)


def _between(before: str, line: str, *, is_code: bool) -> str:
    """Return what a line end is shown as: itself, a blank line, or a space."""
    if is_code or is_fence(line) or is_fence(before):
        return "\n"
    if (_HEADING.match(before) and line.strip()) or (_HEADING.match(line) and before.strip()):
        return "\n\n"
    return "\n" if _stand_apart(before, line) else " "


def _stand_apart(before: str, line: str) -> bool:
    if not before.strip() or not line.strip() or _LINE_OPENER.match(line):
        return True
    return is_separated(before) or is_separated(line)
