"""Read files in a thread while the notes of those before are embedded and stored.

A model that runs here leaves Python's lock to others most of the time, and so does one that is
waited for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from notesearch.records import ReadFile

# Some hundred files are handed over at once, and a batch of `ingest.py` is read ahead.
_PASSAGES_PER_PART = 256
_PARTS_AHEAD = 16


def read_ahead(readings: Iterable[ReadFile]) -> Iterator[ReadFile]:
    """Yield readings in their order; those that come next are read meanwhile."""
    source = iter(readings)
    thread = ThreadPoolExecutor(1, thread_name_prefix="read")
    parts = deque(thread.submit(_read_part, source) for _ in range(_PARTS_AHEAD))
    try:
        while part := parts.popleft().result():
            parts.append(thread.submit(_read_part, source))
            yield from part
    finally:
        thread.shutdown(wait=False, cancel_futures=True)  # an error waits for no reading


def _read_part(source: Iterator[ReadFile]) -> list[ReadFile]:
    """Read the next files; none are left where nothing comes."""
    part: list[ReadFile] = []
    passages = 0
    for read in source:
        part.append(read)
        passages += max(1, sum(len(own) for own in read.passages))
        if passages >= _PASSAGES_PER_PART:
            break
    return part
