"""Understand what a person wants to compare: a note, a paper with all notes on it, a question."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from notesearch.errors import UsageError
from notesearch.index.snapshot import Snapshot, StoredNote
from notesearch.papers import Paper, find_papers, papers_of_notes
from notesearch.search.answer import Answer
from notesearch.search.note_lookup import NoteNameError, find_note, read_place
from notesearch.spelling import normalise_name, normalise_paper

_FORM = re.compile(r"(note|paper|question):(?=\S|$)")
_QUOTED = re.compile(r"[\"“«](.+)[\"”»]", re.DOTALL)
_IN_A_FOLDER = re.compile(r"\S*(?:/\S+|\S\.(?:md|markdown|org|rst|txt|html?))(?::\d\S*)?")
_KEY = re.compile(r"[a-z]+[a-z0-9]*")
# Of what answers a question, passages that are less likely than this share of the best stay out.
_LEAST_SHARE = 0.5
PASSAGES = 12  # that stand for a question, at most ...
PER_NOTE = 3  # ... and of one note

Asked = Callable[[str], Answer]
FromDisk = Callable[[str], Sequence[str]]


class SideKind(Enum):
    """What is compared."""

    NOTE = "note"
    PAPER = "paper"  # all notes on it
    QUESTION = "question"  # the passages that answer it


@dataclass(frozen=True, slots=True)
class Side:
    """What was compared: one note or more, or the passages that answer a question."""

    kind: SideKind
    name: str  # the title, or the question
    notes: tuple[StoredNote, ...]
    passages: int  # of them all
    read: int  # those of them that were compared


@dataclass(frozen=True, slots=True, eq=False)
class MeantSide:
    """What a name means, with the numbers of its passages in their order."""

    kind: SideKind
    name: str
    notes: tuple[StoredNote, ...]
    numbers: tuple[int, ...]  # of the notes
    passage_ids: NDArray[np.int64]
    vector: NDArray[np.float32] | None = field(default=None)  # of a question

    def described(self, read: int) -> Side:
        """Return the side as it is told, with how many passages were read of it."""
        return Side(self.kind, self.name, self.notes, len(self.passage_ids), read)


def find_sides(
    snapshot: Snapshot, one: str, other: str, from_disk: FromDisk, ask: Asked
) -> tuple[MeantSide, MeantSide]:
    """Return what two names mean, with no passage on both sides; UsageError where nothing is left.

    Passages that answer a question and are the other side's own stay there; of two questions each
    has those that it ranks higher. Of a paper and a note on it, the other notes are compared.
    """
    a, b = (_find_side(snapshot, name, from_disk, ask) for name in (one, other))
    shared = {*a.numbers} & {*b.numbers}
    if a.kind is SideKind.QUESTION and b.kind is SideKind.QUESTION:
        ours = {number: at for at, number in enumerate(a.passage_ids.tolist())}
        theirs = {number: at for at, number in enumerate(b.passage_ids.tolist())}
        a = _without(snapshot, a, [n for n, at in ours.items() if theirs.get(n, at) < at], b)
        b = _without(snapshot, b, [n for n, at in theirs.items() if ours.get(n, at + 1) <= at], a)
    elif a.kind is SideKind.QUESTION:
        a = _without(snapshot, a, b.passage_ids.tolist(), b)
    elif b.kind is SideKind.QUESTION:
        b = _without(snapshot, b, a.passage_ids.tolist(), a)
    elif shared and len(a.numbers) >= len(b.numbers):
        a = _without(snapshot, a, snapshot.passages_in(sorted(shared)).tolist(), b)
    elif shared:
        b = _without(snapshot, b, snapshot.passages_in(sorted(shared)).tolist(), a)
    return a, b


def _without(
    snapshot: Snapshot, side: MeantSide, passages: Sequence[int], other: MeantSide
) -> MeantSide:
    """Return a side without some passages; UsageError where it has no others."""
    kept = side.passage_ids[~np.isin(side.passage_ids, np.array(passages, dtype=np.int64))]
    if not kept.size:
        if side.kind is SideKind.QUESTION:
            found = f"all that answers {side.name} is said by the other side"
        else:
            found = f"both sides are {other.notes[0].note_id}"
        raise UsageError(f"{found}; give something else to compare")
    if len(kept) == len(side.passage_ids):
        return side
    numbers = tuple(dict.fromkeys(snapshot.notes_of(kept).tolist()))
    known = snapshot.notes(numbers)
    notes = tuple(known[number] for number in numbers)
    return replace(side, passage_ids=kept, numbers=numbers, notes=notes)


def _find_side(snapshot: Snapshot, typed: str, from_disk: FromDisk, ask: Asked) -> MeantSide:
    name = typed.strip()
    form = _FORM.match(name)
    rest = name[form.end() :].strip() if form else name
    if not re.search(r"\w", rest):
        raise UsageError("there is nothing to compare with; give a note, a paper or a question")
    kind = SideKind(form[1]) if form else None
    if kind is SideKind.QUESTION:
        return _question(snapshot, rest, ask)
    if quoted := _QUOTED.fullmatch(rest):
        return _question(snapshot, quoted[1], ask)
    if kind is SideKind.NOTE:
        return _notes_side(snapshot, SideKind.NOTE, [find_note(snapshot, rest, from_disk)[1]])
    if paper := _paper_of_id(snapshot, rest):
        return paper
    if kind is SideKind.PAPER:
        return _named_paper(snapshot, rest, from_disk)
    try:
        _, note = find_note(snapshot, rest, from_disk)
    except NoteNameError as error:
        return _unnamed(snapshot, rest, error, ask)
    if " " in rest and not _begins_a_name(rest, note):
        raise NoteNameError(
            f"{rest} may mean {note.note_id} or be a question",
            f'write "note:{rest}" or "question:{rest}"',
            [note],
            1,
            rest,
        )
    return _paper_or_note(snapshot, rest, note)


def _begins_a_name(text: str, note: StoredNote) -> bool:
    """Return whether a note is called so, or its name begins so: words out of it may ask as well.

    A path with a line, and an id, are names too.
    """
    wanted = normalise_name(text)
    names = (note.title, note.path, PurePosixPath(note.path).stem, note.note_id, *note.aliases)
    return any(normalise_name(name).startswith(wanted) for name in names) or (
        "/" in text or read_place(text)[1] is not None
    )


def _paper_of_id(snapshot: Snapshot, name: str) -> MeantSide | None:
    """Return the notes on the paper of an id; None for another name, or an unknown one."""
    identity = None if " " in name else normalise_paper(name)
    for paper in find_papers(snapshot, None) if identity else ():
        if identity in paper.ids:
            return _paper_side(snapshot, paper)
    return None


def _named_paper(snapshot: Snapshot, name: str, from_disk: FromDisk) -> MeantSide:
    """Return the notes on a paper of this key, or on that of a note of this name."""
    if paper := _paper_of_key(snapshot, name):
        return _paper_side(snapshot, paper)
    try:
        _, note = find_note(snapshot, name, from_disk)
    except NoteNameError as error:
        if paper := _paper_of_all(snapshot, error):
            return _paper_side(snapshot, paper)
        raise
    return _paper_side(snapshot, papers_of_notes(snapshot, [note.note_id])[0])


def _paper_or_note(snapshot: Snapshot, name: str, note: StoredNote) -> MeantSide:
    """Return all notes on a paper where its title was given, and else the note."""
    if normalise_name(name) == normalise_name(note.title):
        paper = papers_of_notes(snapshot, [note.note_id])[0]
        if len(paper.notes) > 1:
            return _paper_side(snapshot, paper)
    return _notes_side(snapshot, SideKind.NOTE, [note])


def _unnamed(snapshot: Snapshot, name: str, error: NoteNameError, ask: Asked) -> MeantSide:
    """Return the paper or the question that a name means which is not that of one note."""
    if paper := _paper_of_key(snapshot, name) or _paper_of_all(snapshot, error):
        return _paper_side(snapshot, paper)
    if error.count or _IN_A_FOLDER.fullmatch(name):
        raise error
    try:
        return _question(snapshot, name, ask)
    except UsageError as nothing:
        raise NoteNameError(
            f"no note or paper is called {name}, and no note answers it as a question",
            "name one, or ask in other words",
            error.notes,
            0,
            name,
        ) from nothing


def _paper_of_key(snapshot: Snapshot, name: str) -> Paper | None:
    papers = find_papers(snapshot, None) if _KEY.fullmatch(name) else ()
    return next((paper for paper in papers if paper.key == name), None)


def _paper_of_all(snapshot: Snapshot, error: NoteNameError) -> Paper | None:
    """Return the paper that all notes are on which have a name."""
    if error.count < 1 or error.count > len(error.notes):
        return None
    paper = papers_of_notes(snapshot, [error.notes[0].note_id])[0]
    on_it = {note.note_id for note in paper.notes}
    return paper if all(note.note_id in on_it for note in error.notes) else None


def _paper_side(snapshot: Snapshot, paper: Paper) -> MeantSide:
    """Return the notes on a paper; those that are copies once."""
    notes = [note for note in paper.notes if note.note_id not in paper.copies]
    return replace(_notes_side(snapshot, SideKind.PAPER, notes), name=paper.title)


def _notes_side(snapshot: Snapshot, kind: SideKind, notes: Sequence[StoredNote]) -> MeantSide:
    numbers = [n for note in notes for n in snapshot.find_notes(note.note_id)]
    ids = snapshot.passages_in(numbers)
    if not ids.size:
        raise UsageError(f"{notes[0].note_id} has no text to compare; name another note")
    return MeantSide(kind, notes[0].title, tuple(notes), tuple(numbers), ids)


def _question(snapshot: Snapshot, text: str, ask: Asked) -> MeantSide:
    """Return the passages that answer a question, the best first; UsageError for none."""
    answer = ask(text)
    if answer.weak or not answer.hits:
        raise UsageError(f"no note answers {text}; ask in other words, or name a note or a paper")
    least = _LEAST_SHARE * answer.hits[0].score
    hits = [hit for hit in answer.hits if hit.score >= least]
    wanted = {hit.passage_id: at for at, hit in enumerate(hits)}
    of_notes = [n for hit in hits for n in snapshot.find_notes(hit.passage_id, by="passage_id")]
    found = {
        wanted[stored.passage.id]: stored.id
        for number in dict.fromkeys(of_notes)
        for stored in snapshot.passages_of_note(number)
        if stored.passage.id in wanted
    }
    ids = [found[at] for at in sorted(found)]
    numbers = tuple(dict.fromkeys(snapshot.table.note_of[ids].tolist()))
    known = snapshot.notes(numbers)
    notes = tuple(known[number] for number in numbers)
    passages = np.array(ids, dtype=np.int64)
    return MeantSide(SideKind.QUESTION, text, notes, numbers, passages, answer.vector)
