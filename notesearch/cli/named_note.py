"""Understand how a person names a note: by a number of the list above, or by any name of it.

Where a name means several notes, or none, those that may be meant are listed with numbers, which
the next command takes.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.cli.chosen_index import ChosenIndex, choose_index
from notesearch.cli.last_list import (
    LastList,
    ListedNote,
    keep_notes,
    quoted,
    read_last_list,
)
from notesearch.cli.output import show_message
from notesearch.errors import UsageError
from notesearch.render.terminal import escaped, style_of

if TYPE_CHECKING:
    from notesearch.library import Index
    from notesearch.search.note_lookup import NoteNameError

_NUMBER = re.compile(r"[1-9]\d{0,4}")


@contextmanager
def open_for_note(
    words: Sequence[str], command: str, config: Path | None, index_dir: Path | None
) -> Iterator[tuple[ChosenIndex, Index, str]]:
    """Open the index of a note, and yield it with a name that means this note there.

    A number is of the index whose notes were listed. A NoteNameError that is raised in the block
    becomes a list with numbers, and an error that says how to go on.
    """
    from notesearch.search.note_lookup import NoteNameError

    name = " ".join(words).strip()
    if not name:
        raise UsageError(f"name a note, as in: notesearch {command} alignment/dpo.md")
    chosen = choose_index(config, index_dir)
    last = read_last_list() if _NUMBER.fullmatch(name) else None
    listed = last.find(int(name)) if last else None
    if last and listed:
        chosen = _index_of(last, chosen, index_dir)
    elif last and not chosen.exists():
        raise _unknown_number(name, last)
    with chosen.open() as index:
        if last and listed:
            show_message(escaped(f"{name} of {last.what}: {listed.path}:{listed.line}"))
            name = _name_in(index, last, listed)
        try:
            yield chosen, index, name
        except NoteNameError as error:
            if _NUMBER.fullmatch(name) and not error.count:
                raise _unknown_number(name, last) from error
            raise _with_list(error, name, command, index) from error


def _index_of(last: LastList, chosen: ChosenIndex, index_dir: Path | None) -> ChosenIndex:
    """Return the index that a list is of; UsageError where the command names another one."""
    if os.path.realpath(last.index_dir) == os.path.realpath(chosen.index_dir):
        return chosen
    if index_dir is not None:
        raise UsageError(
            f"numbers mean {last.what}, which are of {last.index_dir} and not of {index_dir}; "
            "leave out --index, or give the note's name"
        )
    return replace(
        chosen, settings=replace(chosen.settings, index=last.index_dir), is_default=False
    )


def _name_in(index: Index, last: LastList, listed: ListedNote) -> str:
    """Return what means the listed note now: its passage may have been edited since."""
    from notesearch.search.note_lookup import NoteNameError

    for name in (listed.name, f"{listed.path}:{listed.line}"):
        with suppress(NoteNameError):
            note, _ = index.show(name)
            if note.path == listed.path:
                return name
    raise UsageError(
        f"{listed.path}, {listed.number} of {last.what}, is not in {index.index_dir} any more; "
        "ask again"
    )


def _unknown_number(name: str, last: LastList | None) -> UsageError:
    if last is None:
        return UsageError(
            f"no note is called {name}, and no question was asked before; ask one, or give a name"
        )
    found = f"end at {last.notes[-1].number}" if last.notes else "are none"
    return UsageError(f"no note is called {name}, and {last.what} {found}; give another name")


def _with_list(error: NoteNameError, name: str, command: str, index: Index) -> UsageError:
    """List the notes that may be meant; return the error that says how to choose one."""
    from notesearch.render.listings import numbered_note_lines

    found = f"{name} means {error.count} notes" if error.count else f"no note is called {name}"
    if not error.notes:
        return UsageError(f"{found}; to list them, run: notesearch notes")
    for line in numbered_note_lines(error.notes, style_of(sys.stderr).width):
        show_message(line)
    listed = "" if error.count else "; these have the nearest names"
    more = f", the first {len(error.notes)} above" if error.count > len(error.notes) else ""
    is_kept = keep_notes(error.notes, f"the notes for {quoted(name)}", index.index_dir)
    way = f"its number, as in: notesearch {command} 1" if is_kept else "its path"
    return UsageError(f"{found}{more}{listed}; choose one by {way}")
