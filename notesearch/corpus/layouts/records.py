"""A digest by a rule of its reader: each line that a pattern finds opens a note."""

from __future__ import annotations

import time
from collections.abc import Iterator

from notesearch.corpus.decode import UnreadableError
from notesearch.corpus.document import Document
from notesearch.corpus.layouts.note_parts import Part, with_rest
from notesearch.corpus.line_patterns import compile_pattern
from notesearch.records import NoteKind

# `^(a|aa)+$` would take years for a line of 60 signs; sound patterns take milliseconds a file.
_MOST_SECONDS = 0.5


def split_records(document: Document, pattern: str) -> list[Part] | None:
    """Cut where a line matches the pattern; None where no line does."""
    starts = list(_find_starts(document, pattern))
    if not starts:
        return None
    ends = [*starts[1:], len(document.lines)]
    parts = [
        Part(range(first, end), NoteKind.DIGEST_PART)
        for first, end in zip(starts, ends, strict=True)
    ]
    return with_rest(document, parts)


def _find_starts(document: Document, pattern: str) -> Iterator[int]:
    """Find the lines that match, all of them in a bounded time: the pattern is a person's own."""
    try:
        start = compile_pattern(pattern)
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
