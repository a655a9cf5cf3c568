"""Make the error for a wrong query line, with carets under the place."""

from __future__ import annotations

from dataclasses import dataclass

from notesearch.cells import cells
from notesearch.errors import UsageError

# Shown around the place; a line that fits is shown whole.
_SHOWN_BEFORE = 50
_SHOWN_AFTER = 30
_MAX_CARETS = 40
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the query line."""

    start: int
    end: int  # exclusive


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a stretch, and how to write it."""

    finding: str
    remedy: str


def in_short(value: str) -> str:
    """Cut a value that is named in a finding."""
    return value if len(value) <= _MAX_CARETS else f"{value[:_MAX_CARETS]}…"


def usage_error(line: str, span: Span, flaw: Flaw) -> UsageError:
    """Build the error: finding and remedy, the line (or the part around), carets below.

    A blank line is not shown.
    """
    if not line.strip():
        return UsageError(f"{flaw.finding}; {flaw.remedy}")
    first = max(0, span.start - _SHOWN_BEFORE)
    last = min(len(line), min(span.end, span.start + _MAX_CARETS) + _SHOWN_AFTER)
    before = ("…" if first else "") + line[first : span.start]
    shown = before + line[span.start : last] + ("…" if last < len(line) else "")
    marked = line[span.start : min(span.end, span.start + _MAX_CARETS)]
    carets = " " * cells(before) + "^" * max(1, cells(marked))
    return UsageError(f"{flaw.finding}; {flaw.remedy}\n{_INDENT}{shown}\n{_INDENT}{carets}")
