"""Keep the numbered list that a terminal was shown last, so that `show 2` means a line of it.

Each terminal has a small file of its own in the user's state folder, readable by its owner alone:
two that ask at once do not mix their numbers up. What cannot be kept or read stops no command.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.durable import write_whole
from notesearch.regular_files import read_regular
from notesearch.user_folders import state_folder

if TYPE_CHECKING:
    from notesearch.cli.chosen_index import ChosenIndex
    from notesearch.index.snapshot import StoredNote
    from notesearch.records import Hit

_MOST_KEPT = 1000  # nobody counts further
_LARGEST = 20_000_000  # bytes: so many lines with the longest paths there are
_SHOWN = 60  # characters of a question


@dataclass(frozen=True, slots=True)
class ListedNote:
    """One line of a list: what its number means."""

    number: int
    name: str  # the id of a passage or of a note
    path: str
    line: int
    index_dir: str  # absolute
    index_name: str = ""  # what was printed before its path, where several indexes were asked

    @property
    def place(self) -> str:
        """Its path and line as they were printed."""
        front = f"{self.index_name}:" if self.index_name else ""
        return f"{front}{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class LastList:
    """A list with numbers that was shown."""

    what: str  # such as: the hits of "why DPO works"
    notes: tuple[ListedNote, ...]
    commit: str | None = None  # of which the notes are; None: as they are now

    def find(self, number: int) -> ListedNote | None:
        """Return the line of a number."""
        return next((note for note in self.notes if note.number == number), None)


def keep_hits(hits: Sequence[Hit], what: str, chosen: Sequence[ChosenIndex]) -> None:
    """Keep what the numbers of hits mean, and which of the indexes that were asked has each."""
    places = ((hit.rank, hit.passage_id, hit.path, hit.line_start) for hit in hits[:_MOST_KEPT])
    _keep(what, places, chosen, hits[0].commit if hits else None)


def keep_notes(
    notes: Sequence[StoredNote],
    what: str,
    chosen: Sequence[ChosenIndex],
    commit: str | None = None,
) -> bool:
    """Keep what the numbers of notes mean; return whether that succeeded."""
    places = (
        (number, note.note_id, note.path, note.line_start)
        for number, note in enumerate(notes, start=1)
    )
    return _keep(what, places, chosen, commit)


def keep_places(
    places: Sequence[tuple[int, str, str, int]], what: str, chosen: Sequence[ChosenIndex]
) -> None:
    """Keep what numbers mean, each with the id of a passage, a path and a line."""
    _keep(what, places[:_MOST_KEPT], chosen, None)


def quoted(text: str) -> str:
    """Return a question in quotes, cut to what is needed to know it again."""
    words = " ".join(text.split())
    return f'"{words if len(words) <= _SHOWN else words[: _SHOWN - 1] + "…"}"'


def read_last_list() -> LastList | None:
    """Return the list that this terminal was shown last, or else the last of any terminal."""
    folder = _folder()
    if folder is None:
        return None
    files: list[Path] = []
    with suppress(OSError):
        files = sorted(folder.glob("*.json"), key=lambda file: -file.stat().st_mtime_ns)
    files.insert(0, folder / _file_name())
    return next(filter(None, map(_read, files)), None)


def _keep(
    what: str,
    places: Iterable[tuple[int, str, str, int]],
    chosen: Sequence[ChosenIndex],
    commit: str | None,
) -> bool:
    """Keep numbers, names, paths and lines; several indexes have their names before these."""
    folder = _folder()
    if folder is None:
        return False
    folders = {one.name if len(chosen) > 1 else "": _whole(one) for one in chosen}
    listed = []
    for number, name, path, line in places:
        index = path.partition(":")[0] if len(chosen) > 1 else ""
        if index:
            name, path = name.removeprefix(f"{index}:"), path.removeprefix(f"{index}:")
        listed.append(ListedNote(number, name, path, line, folders[index], index))
    entry = {"what": what, "notes": [astuple(note) for note in listed], "commit": commit}
    try:
        write_whole(folder / _file_name(), json.dumps(entry), outlasts_crash=False)
    except OSError:
        return False
    return True


def _whole(chosen: ChosenIndex) -> str:
    return os.path.abspath(chosen.index_dir)  # noqa: PTH100 - links stay as they are


def _read(file: Path) -> LastList | None:
    """Return the list of a file; None where there is none, or it is damaged."""
    try:
        entry = json.loads(read_regular(file, most=_LARGEST))
        notes = tuple(
            ListedNote(int(number), str(name), str(path), int(line), str(folder), str(index))
            for number, name, path, line, folder, index in entry["notes"]
        )
        commit = entry["commit"]
        return LastList(str(entry["what"]), notes, None if commit is None else str(commit))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _folder() -> Path | None:
    """Return the folder of these files; None where no home folder is known."""
    folder = state_folder()
    return folder / "last-lists" if folder is not None else None


def _file_name() -> str:
    """Name the file of this terminal; without one, as in a script, the one that all such share."""
    for stream in (0, 1, 2):
        with suppress(OSError):
            return f"{re.sub('[^A-Za-z0-9]+', '-', os.ttyname(stream)).strip('-')}.json"
    return "no-terminal.json"
