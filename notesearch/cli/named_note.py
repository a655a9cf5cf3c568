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

from notesearch.cli.index_choice import choose_index_in, choose_indexes, choose_indexes_of
from notesearch.cli.last_list import (
    LastList,
    ListedNote,
    keep_notes,
    quoted,
    read_last_list,
)
from notesearch.cli.output import show_message
from notesearch.cli.past_choice import commit_of, open_as_they_were
from notesearch.errors import UsageError
from notesearch.render.terminal import escaped, style_of

if TYPE_CHECKING:
    from notesearch.cli.chosen_index import ChosenIndex
    from notesearch.library import Index
    from notesearch.search.note_lookup import NoteNameError

_NUMBER = re.compile(r"[1-9]\d{0,4}")


@contextmanager
def open_for_note(
    words: Sequence[str],
    command: str,
    config: Path | None,
    wanted: str | None,
    at: str | None = None,
) -> Iterator[tuple[Sequence[ChosenIndex], Index, str]]:
    """Open the index of a note, or several, and yield it with a name that means this note there.

    A number is of the index whose note was listed, and of the same commit unless `at` names one.
    A NoteNameError that is raised in the block becomes a list with numbers, and an error that says
    how to go on.
    """
    from notesearch.search.note_lookup import NoteNameError

    typed = " ".join(words).strip()
    last = read_last_list() if _NUMBER.fullmatch(typed) else None
    listed = last.find(int(typed)) if last else None
    if last and listed:
        chosen, name = [_index_of(listed, last, config, wanted)], ""
        at = at or last.commit
    else:
        chosen, name = choose_indexes_of(typed, config, wanted)
        if not name:
            raise UsageError(f"name a note, as in: notesearch {command} alignment/dpo.md")
        if last and not any(one.exists() for one in chosen):
            raise _unknown_number(typed, last)
    with open_as_they_were(chosen, at) as index:
        if last and listed:
            show_message(escaped(f"{typed} of {last.what}: {listed.place}"))
            name = _name_in(index, last, listed)
        try:
            yield chosen, index, name
        except NoteNameError as error:
            if _NUMBER.fullmatch(typed) and not error.count:
                raise _unknown_number(typed, last) from error
            front = typed.removesuffix(name)
            raise _with_list(error, typed, command, chosen, front, commit_of(index)) from error


@contextmanager
def open_for_sides(
    typed: Sequence[str], config: Path | None, wanted: str | None
) -> Iterator[tuple[Sequence[ChosenIndex], Index, list[str]]]:
    """Open the index that two sides to compare are in, or several, and yield what they are there.

    A side is named as a note is, or in another way, which the library understands. A NoteNameError
    that is raised in the block becomes a list with numbers, and an error that says how to go on.
    """
    from notesearch.search.note_lookup import NoteNameError

    last = read_last_list() if any(map(_NUMBER.fullmatch, typed)) else None
    sides = [_choose_for_side(one.strip(), last, config, wanted) for one in typed]
    by_folder = {os.path.realpath(one.index_dir): one for all_of, _, _ in sides for one in all_of}
    chosen = [*by_folder.values()]
    if len(chosen) > 1 and not all(one.name for one in chosen):
        raise UsageError(
            f"{typed[0]} and {typed[1]} are of two indexes; name both, as in --index work,home"
        )
    with open_as_they_were(chosen, None) as index:
        names = []
        for of, name, listed in sides:
            front = f"{of[0].name}:" if listed and len(chosen) > 1 else ""
            names.append(_name_in(index, last, listed, front) if last and listed else name)
        try:
            yield chosen, index, names
        except NoteNameError as error:
            if _NUMBER.fullmatch(error.name) and not error.count:
                raise _unknown_number(error.name, last) from error
            raise _with_sides(error, chosen) from error


def _choose_for_side(
    typed: str, last: LastList | None, config: Path | None, wanted: str | None
) -> tuple[Sequence[ChosenIndex], str, ListedNote | None]:
    """Choose the indexes that a side may be in; return what it is called, or what was listed."""
    listed = last.find(int(typed)) if last and _NUMBER.fullmatch(typed) else None
    if last and listed:
        show_message(escaped(f"{typed} of {last.what}: {listed.place}"))
        return [_index_of(listed, last, config, wanted)], "", listed
    return *choose_indexes_of(typed, config, wanted), None


def _with_sides(error: NoteNameError, chosen: Sequence[ChosenIndex]) -> UsageError:
    """List the notes that one side may mean; return the error that says how to go on."""
    from notesearch.render.listings import numbered_note_lines

    if not error.count:
        return UsageError(str(error))
    found = f"means {error.count:,} notes, or may be" if error.count > 1 else "may be this note or"
    for line in numbered_note_lines(error.notes, style_of(sys.stderr).width):
        show_message(line)
    is_kept = keep_notes(error.notes, f"the notes for {quoted(error.name)}", chosen)
    return UsageError(
        f"{error.name} {found} a question; give the note's "
        f'{"number" if is_kept else "path"}, or ask: "question:{error.name}"'
    )


def _index_of(
    listed: ListedNote, last: LastList, config: Path | None, wanted: str | None
) -> ChosenIndex:
    """Return the index that a listed note is in; UsageError where the command names others."""
    folder = os.path.realpath(listed.index_dir)
    for chosen in choose_indexes(config, wanted):
        if os.path.realpath(chosen.index_dir) == folder:
            return replace(chosen, why="")  # the number chose it
    if wanted is not None:
        raise UsageError(
            f"{listed.number} of {last.what} is of {listed.index_dir} and not of {wanted}; "
            "leave out --index, or give the note's name"
        )
    return choose_index_in(Path(listed.index_dir), config)


def _name_in(index: Index, last: LastList, listed: ListedNote, front: str = "") -> str:
    """Return what means the listed note now: its passage may have been edited since.

    `front` stands before the names and paths of its index, where several are open.
    """
    from notesearch.search.note_lookup import NoteNameError

    for name in (f"{front}{listed.name}", f"{front}{listed.path}:{listed.line}"):
        with suppress(NoteNameError):
            note, _ = index.show(name)
            if note.path == f"{front}{listed.path}":
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


def _with_list(
    error: NoteNameError,
    name: str,
    command: str,
    chosen: Sequence[ChosenIndex],
    front: str,
    commit: str | None,
) -> UsageError:
    """List the notes that may be meant; return the error that says how to choose one.

    `front` is what the person wrote before a name to say which index has the note.
    """
    from notesearch.render.listings import numbered_note_lines

    found = f"{name} means {error.count} notes" if error.count else f"no note is called {name}"
    if not error.notes:
        names = ",".join(one.name for one in chosen)
        of_index = f" -i {names}" if names else ""
        return UsageError(f"{found}; to list them, run: notesearch notes{of_index}")
    printed = [replace(note, path=f"{front}{note.path}") for note in error.notes]
    for line in numbered_note_lines(printed, style_of(sys.stderr).width):
        show_message(line)
    listed = "" if error.count else "; these have the nearest names"
    more = f", the first {len(error.notes)} above" if error.count > len(error.notes) else ""
    is_kept = keep_notes(error.notes, f"the notes for {quoted(name)}", chosen, commit)
    way = f"its number, as in: notesearch {command} 1" if is_kept else "its path"
    return UsageError(f"{found}{more}{listed}; choose one by {way}")
