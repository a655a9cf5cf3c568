"""Gather what is to be done next: steps that notes name, and papers that no note is on yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from notesearch.index.snapshot import Snapshot, StoredNote, StoredPassage
from notesearch.named_steps import Step, StepKind, find_steps
from notesearch.paper_mentions import find_mentions
from notesearch.query.filters import AllOf, Filter
from notesearch.records import NoteKind
from notesearch.spelling import normalise_name

_ALL = 1_000_000_000
_PASSAGES_PER_READ = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStep:
    """Something that a note says is to be done; its fields are named as those of a hit."""

    note_id: str
    path: str
    title: str
    line: int  # in the file, counted from 1
    passage_id: str
    section: str  # the heading that it stands under; "" before any
    kind: StepKind
    text: str  # in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A place where a note names a paper."""

    note_id: str
    path: str
    title: str
    line: int
    passage_id: str
    sentence: str  # the line that names it, in words


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadPaper:
    """A paper that notes name by an id or a link, and that no note is on."""

    paper: str  # its id, as in "arxiv:2305.18290"
    title: str  # as a link to it says; "" where none does
    notes: int  # that name it
    mentions: tuple[Mention, ...]  # by path and line


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingQueue:
    """What notes say is to be done and read next."""

    steps: tuple[NextStep, ...]  # those of the newest note first, in the order of the note
    papers: tuple[UnreadPaper, ...]  # those that most notes name first


def find_queue(snapshot: Snapshot, where: Filter | None) -> ReadingQueue:
    """Return the steps and unread papers that the passages which a filter lets through name."""
    notes = snapshot.list_notes(None, _ALL)
    known = {note.paper for note in notes if note.paper}
    titles = {
        normalise_name(name)
        for note in notes
        if note.kind is not NoteKind.INDEX_PAGE
        for name in (note.title, *note.aliases)
    }
    files = {_file_name(note.path) for note in notes}
    steps: dict[str, list[NextStep]] = defaultdict(list)
    papers: dict[str, list[tuple[Mention, str]]] = defaultdict(list)
    for note, passages in _by_note(snapshot, where):
        for passage, step in find_steps(note.path, passages):
            steps[note.note_id].append(_next_step(note, passage, step))
        for passage, mention in find_mentions(note, passages):
            if mention.is_own or not files.isdisjoint(map(_file_name, mention.notes)):
                known.add(mention.paper)
            if mention.paper not in known:
                found = Mention(
                    note_id=note.note_id,
                    path=note.path,
                    title=note.title,
                    line=mention.line,
                    passage_id=passage.passage.id,
                    sentence=mention.sentence,
                )
                papers[mention.paper].append((found, mention.title))
    return ReadingQueue(
        steps=tuple(step for note in notes for step in steps.get(note.note_id, ())),
        papers=tuple(_unread(papers, known, titles)),
    )


def _by_note(
    snapshot: Snapshot, where: Filter | None
) -> Iterator[tuple[StoredNote, list[StoredPassage]]]:
    """Yield notes with their passages in order; what two reads have of one is joined."""
    ids = snapshot.passage_ids(AllOf(()) if where is None else where).tolist()
    stored = (
        one
        for start in range(0, len(ids), _PASSAGES_PER_READ)
        for one in snapshot.passages(ids[start : start + _PASSAGES_PER_READ])
    )
    for _, group in groupby(stored, key=lambda one: one.note.note_id):
        passages = list(group)
        yield passages[0].note, passages


def _next_step(note: StoredNote, stored: StoredPassage, step: Step) -> NextStep:
    return NextStep(
        note_id=note.note_id,
        path=note.path,
        title=note.title,
        line=step.line,
        passage_id=stored.passage.id,
        section=step.section,
        kind=step.kind,
        text=step.text,
    )


def _file_name(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0] or path


def _unread(
    papers: dict[str, list[tuple[Mention, str]]], known: set[str], titles: set[str]
) -> Sequence[UnreadPaper]:
    """Return the papers of mentions, without those that a note is on, by its title too."""
    unread = []
    for paper, found in papers.items():
        named = [title for _, title in found if title]
        if paper in known or any(not titles.isdisjoint(_names_of(title)) for title in named):
            continue
        mentions = sorted((one for one, _ in found), key=lambda one: (one.path, one.line))
        unread.append(
            UnreadPaper(
                paper=paper,
                title=max(named, key=named.count) if named else "",
                notes=len({one.note_id for one in mentions}),
                mentions=tuple(mentions),
            )
        )
    return sorted(unread, key=lambda one: (-one.notes, -len(one.mentions), one.paper))


def _names_of(title: str) -> set[str]:
    """Return what a note on a paper may be called: `BERT: Pre-training of Deep …` is all of it too.

    A short part says nothing, unless it stands before the colon, as a name does.
    """
    short, colon, long = title.partition(": ")
    parts = [title, *([short] if colon else []), *([long] if len(long.split()) >= 4 else [])]
    return {name for part in parts if (name := normalise_name(part))}
