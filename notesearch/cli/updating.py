"""Bring an index in step from a command: with a bar, and with a way on after Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.cli.places import Place

if TYPE_CHECKING:
    from notesearch.index.reports import UpdateReport
    from notesearch.library import Index


class Interrupted(Exception):  # noqa: N818 - what a person did is no error
    """Ctrl-C in an update; its text says what is kept and how to go on."""


def update(
    index: Index,
    place: Place,
    corpus: Path | None = None,
    *,
    rebuild: bool = False,
    dry_run: bool = False,
    allow_empty: bool = False,
    wait_s: float = 10.0,
) -> UpdateReport:
    """Bring an index in step; Interrupted when the person stops it."""
    from notesearch.progress import watch_update

    with watch_update() as progress:
        try:
            return index.update(
                corpus,
                progress=progress,
                rebuild=rebuild,
                dry_run=dry_run,
                allow_empty=allow_empty,
                lock_timeout_s=wait_s,
            )
        except KeyboardInterrupt as stop:
            options = ("--rebuild",) if rebuild else ()
            command = place.index_command(corpus or index.corpus, *options)
            raise Interrupted(_what_is_left(index, place, command)) from stop


def _what_is_left(index: Index, place: Place, command: str) -> str:
    """Say what an interrupted update has kept, and how to go on."""
    kept = index.kept_passages()
    count = "1 passage" if kept == 1 else f"{kept:,} passages"
    if place.has_index():
        more = f", and the vectors of {count} are kept for the next update" if kept else ""
        return f"interrupted; the index is whole, as it was before{more}; to go on, run: {command}"
    found = f"the vectors of {count} are kept" if kept else "nothing was embedded yet"
    return f"interrupted; there is no index yet, and {found}; to go on, run: {command}"
