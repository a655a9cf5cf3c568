"""List the indexes that a person has made."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from notesearch.engine_address import shown_index
from notesearch.known_indexes import KnownIndex
from notesearch.render.terminal import Style, escaped


@dataclass(frozen=True, slots=True)
class ListedIndex:
    """An index that was made, and what is found in its folder."""

    known: KnownIndex
    notes: int | None = None  # None where it is missing, or cannot be read
    updated: str = ""  # ISO 8601
    problem: str = ""  # why it cannot be read, "" where it can


def shown_path(path: Path) -> str:
    """Write a path for a person: `~` for their home folder."""
    home = os.path.expanduser("~")  # noqa: PTH111 - as it is where no home folder is known
    text = shown_index(path)
    if os.path.isabs(home) and len(home) > 1 and f"{text}/".startswith(f"{home}/"):  # noqa: PTH117
        text = f"~{text[len(home) :]}"
    return escaped(text)


def index_lines(listed: Sequence[ListedIndex], style: Style) -> Iterator[str]:
    """Write two lines for each index: name, notes, day and corpus, then where it is."""
    names = max((len(one.known.name) for one in listed), default=0)
    counts = [f"{one.notes:,} notes" if one.notes is not None else "?" for one in listed]
    counts = ["1 note" if count == "1 notes" else count for count in counts]
    width = max(map(len, counts), default=0)
    for one, count in zip(listed, counts, strict=True):
        day = one.updated[:10] or "?"
        about = f"{count:>{width}}  {day:10}  {shown_path(one.known.corpus)}"
        yield f"{style.bold(f'{one.known.name:{names}}')}  {about}"
        place = shown_path(one.known.folder)
        found = f"{place}: {escaped(one.problem)}" if one.problem else place
        yield f"{' ' * names}  {style.faint(found)}"


def index_to_json(one: ListedIndex) -> dict[str, object]:
    """Return what is listed of an index, for JSON."""
    return {
        "name": one.known.name,
        "notes": one.notes,
        "updated": one.updated or None,
        "corpus": str(one.known.corpus),
        "index": shown_index(one.known.folder),
        "problem": one.problem or None,
    }
