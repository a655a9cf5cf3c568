"""Find the notes that a person names, and the newest notes."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from notesearch.errors import UsageError
from notesearch.index.snapshot import NoteNames, Snapshot, StoredNote
from notesearch.number_sets import run_starts
from notesearch.query.filters import Filter
from notesearch.records import Hit
from notesearch.search.candidates import NO_IDS, common_ids
from notesearch.search.fusion import Ranking
from notesearch.search.grouping import Chosen, make_hits
from notesearch.spelling import normalise_name

# A path with a line, as hits, grep and compilers write it: dpo.md:13, dpo.md:13-18, dpo.md:13:5.
_PLACE = re.compile(r"(.+?):([1-9]\d{0,8})(?:[-:]\d{1,9})?:?")
_MOST_CANDIDATES = 20  # more are no help to choose from
_NEAREST = 5
_SHOWN = 5


class NoteNameError(UsageError):
    """A name that no note has, or that several have."""

    def __init__(
        self, finding: str, remedy: str, notes: Iterable[StoredNote], count: int, name: str
    ) -> None:
        super().__init__(f"{finding}; {remedy}")
        self.finding = finding
        self.remedy = remedy
        self.name = name  # as it was given
        # Those that have the name, at most 20; where none has it, those with the nearest names.
        self.notes = tuple(notes)
        self.count = count  # of the notes that have the name


def read_place(name: str) -> tuple[str, int | None]:
    """Take apart a path and the line behind it: `alignment/dpo.md:13-18`."""
    place = _PLACE.fullmatch(name.strip())
    return (place[1], int(place[2])) if place else (name.strip(), None)


def find_note(
    snapshot: Snapshot, name: str, from_disk: Callable[[str], Sequence[str]] = lambda _: ()
) -> tuple[int, StoredNote]:
    """Return the one note that a name means, with its number; NoteNameError for none or several.

    A note goes by its id, the id of a passage of it, its path (with a line, where a file holds
    several notes), its title, an alias, the name of its file, and by the beginning or some words
    of these. `from_disk` returns what a path on this disk may be inside the corpus.
    """
    wanted = name.strip()
    found = _find_by_place(snapshot, wanted, from_disk)
    nearest: list[int] = []
    if not found:
        found, nearest = _find_by_name(snapshot, wanted)
    shown = (found or nearest)[:_MOST_CANDIDATES]
    by_number = snapshot.notes(shown)
    notes = [by_number[number] for number in shown]
    if len(found) == 1:
        return found[0], notes[0]
    ids = [note.note_id for note in notes[:_SHOWN]]
    if found:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        finding = f"{name} means {len(found)} notes: {', '.join(ids)}{more}"
        remedy = "give one of these ids"
    else:
        finding = f"no note is called {name}"
        remedy = f"did you mean {' or '.join(ids)}?" if ids else "list them, and give an id"
    raise NoteNameError(finding, remedy, notes, len(found), name)


def _find_by_place(
    snapshot: Snapshot, wanted: str, from_disk: Callable[[str], Sequence[str]]
) -> list[int]:
    """Return the notes of an id, of a passage's id, or of a path inside the corpus or on the disk.

    What a hit prints is meant as it is printed, wherever else it might lead.
    """
    if found := snapshot.find_notes(wanted, by="passage_id"):
        return list(found)
    path, line = read_place(wanted)
    # The note of a whole file may have the path for its id: a line in it may be of another.
    for typed, at, keys in ((wanted, None, ("note_id", "path")), (path, line, ("path", "note_id"))):
        for spelled in (typed, posixpath.normpath(typed), *from_disk(typed)):
            for key in keys:
                if found := snapshot.find_notes(spelled, by=key):
                    return _at_line({n: (o.path, o.line_start) for n, o in found.items()}, at)
    return []


def _at_line(places: dict[int, tuple[str, int]], line: int | None) -> list[int]:
    """Return the note of each file that a line lies in, or all of them where no line is named.

    Notes come with their paths and first lines. Several indexes may each hold a file of a path.
    """
    in_order = sorted(places, key=places.__getitem__)
    if line is None:
        return in_order
    found: dict[str, int] = {}
    for number in in_order:
        path, start = places[number]
        if start <= line or path not in found:
            found[path] = number
    return list(found.values())


def _find_by_name(snapshot: Snapshot, wanted: str) -> tuple[list[int], list[int]]:
    """Return the notes that have a name, or else those with the names nearest to it."""
    path, line = read_place(wanted)
    if found := _find_called(snapshot, wanted):
        return list(found), []
    files = {note.path for note in _find_called(snapshot, path).values()} if line else set()
    if len(files) == 1:
        of_file = snapshot.find_notes(files.pop(), by="path")
        return _at_line({n: (note.path, note.line_start) for n, note in of_file.items()}, line), []
    return _find_by_part_of_name(snapshot, wanted)


def _find_called(snapshot: Snapshot, name: str) -> dict[int, StoredNote]:
    """Return the notes that have a title, or else those that have it for an alias or file name.

    Those with the shortest titles come first.
    """
    found = snapshot.find_notes(name, by="name")
    wanted = normalise_name(name)
    titled = {n: note for n, note in found.items() if normalise_name(note.title) == wanted}
    in_order = sorted(
        (titled or found).items(),
        key=lambda item: (len(item[1].title), item[1].path, item[1].line_start),
    )
    return dict(in_order)


def _find_by_part_of_name(snapshot: Snapshot, wanted: str) -> tuple[list[int], list[int]]:
    """Return the notes that have a part of a name, or else those with the names nearest to it."""
    from notesearch.search.note_names import NameTable  # reads what all notes are called

    notes = snapshot.note_names()
    index, _, rest = wanted.partition(":")
    if index and rest and (own := [note for note in notes if note.index_name == index]):
        notes, wanted = own, rest
    names = NameTable(notes)
    path, line = read_place(wanted)
    found = names.meant_by(wanted)
    if not found and line is not None:
        found = names.meant_by(path)
        if len({note.full_path for note in found}) == 1:
            return _at_line({note.number: (note.path, note.line_start) for note in found}, line), []
    nearest = [] if found else names.nearest_to(path, _NEAREST)
    return _numbers(found), _numbers(nearest)


def _numbers(notes: Sequence[NoteNames]) -> list[int]:
    return [note.number for note in notes]


def complete_name(snapshot: Snapshot, beginning: str) -> list[tuple[str, str]]:
    """Return how a name that begins so may go on, each with the title of the note that it means.

    That is the path of a file, or of a folder where several begin so, and the file's name alone
    where one file has it.
    """
    title_of = {note.full_path: note.title for note in snapshot.note_names()}
    paths = [path for path in title_of if path.startswith(beginning)]
    stems: dict[str, str] = {}
    if beginning and "/" not in beginning:
        every = [(posixpath.splitext(posixpath.basename(path))[0], path) for path in title_of]
        count = Counter(stem for stem, _ in every)
        stems = {
            stem: title_of[path]
            for stem, path in every
            if stem.startswith(beginning) and count[stem] == 1 and "/" in path
        }
    steps = _next_steps(paths, len(beginning))
    while not stems and len(steps) == 1 and steps[0].endswith("/"):
        steps = _next_steps(paths, len(steps[0]))
    return sorted([(step, title_of.get(step, "")) for step in steps] + list(stems.items()))


def _next_steps(paths: Iterable[str], typed: int) -> list[str]:
    """Return the files and folders that follow so many characters."""
    ends = ((path, path.find("/", typed) + 1) for path in paths)
    return list(dict.fromkeys(path[:end] if end else path for path, end in ends))


def find_named(
    snapshot: Snapshot, question: str, allowed_ids: NDArray[np.int64] | None
) -> NDArray[np.int64]:
    """Return the allowed passages of notes called like the question, in ascending order."""
    notes = snapshot.find_notes(question, by="name")
    ids = snapshot.passages_in(list(notes)) if notes else NO_IDS
    return ids if allowed_ids is None else common_ids(ids, allowed_ids)


def find_newest(snapshot: Snapshot, where: Filter, k: int, per_note: int | None) -> tuple[Hit, ...]:
    """Return k passages that a filter lets through, at most `per_note` of a note, newest first.

    There is no question to rank by: the scores are 0, cosine and BM25 unknown.
    """
    let_through = snapshot.passage_ids(where)
    owners = snapshot.notes_of(let_through)
    chosen: list[int] = []
    firsts = run_starts(owners)  # a note's passages are in a row
    for number in snapshot.newest(owners[firsts].tolist(), k):
        chosen.extend(let_through[owners == number][:per_note].tolist())
        if len(chosen) >= k:
            break
    found = snapshot.passages(chosen[:k])
    unknown = np.full(len(found), np.nan)
    unranked = Ranking(np.zeros(len(found), np.int64), np.zeros(len(found)), unknown, unknown)
    return make_hits(Chosen(tuple(enumerate(found))), unranked)
