"""A person's own notes in, judged queries out: what a note says of itself should find it.

Nobody judged anything, so the queries are of few kinds and easier or harder than what a
person types. They tell one setting from another over the same notes; they are no measure
of how good the answers are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b
from itertools import chain

from notesearch.evaluation.judged import JudgedQuery
from notesearch.evaluation.portrait import Portrait, SentenceCounts, ToWords, draw_portrait
from notesearch.records import NoteKind, ReadFile

PER_KIND = 100
# What more notes share is the title of a template or a link in all of them, and no paper.
_MOST_ON_ONE_PAPER = 10


class AutoKind(Enum):
    """What a query is made of, and what it should find."""

    SUMMARY = "summary line"  # held out; finds its note by what else is in it
    TITLE = "title"  # held out; finds its note by the body
    SENTENCE = "quoted sentence"  # finds the note that it stands in
    SAME_PAPER = "same paper"  # what one note says in brief finds the others on its paper


_HELD_OUT = (AutoKind.SUMMARY, AutoKind.TITLE)


@dataclass(frozen=True, slots=True)
class AutoQueries:
    """Queries, and what has to be left out of the notes before these are searched."""

    queries: tuple[JudgedQuery, ...]
    held_out: Mapping[str, str]  # by note id, for `HeldOutCorpus`


@dataclass(frozen=True, slots=True)
class _Question:
    """A text that should find a note."""

    kind: AutoKind
    note_id: str
    text: str


def make_queries(
    files: Iterable[ReadFile], *, to_words: ToWords, per_kind: int = PER_KIND
) -> AutoQueries:
    """Make at most `per_kind` queries of each kind; the same notes give the same queries.

    `to_words` turns a note's source into the plain words that it is searched by. A note
    serves one kind, so that what is held out for one query takes nothing from another. Notes
    that share their paper serve the last kind alone: which of them a line of theirs means,
    nobody can say.
    """
    counts = SentenceCounts()
    portraits = [one for file in files for one in _portraits(file, to_words, counts)]
    # In an order that has nothing to do with folders and names, and is always the same.
    portraits.sort(key=lambda portrait: blake2b(portrait.note_id.encode()).digest())
    others = _others_on_paper(portraits)
    single = [portrait for portrait in portraits if portrait.note_id not in others]
    questions = _share_out(single, counts, per_kind)
    queries = [
        JudgedQuery(_id(one), one.text, {one.note_id: 1}, kind=one.kind.value) for one in questions
    ]
    shared = [portrait for portrait in portraits if portrait.note_id in others]
    queries += _same_paper_queries(shared, others)[:per_kind]
    held_out = {one.note_id: one.text for one in questions if one.kind in _HELD_OUT}
    return AutoQueries(tuple(queries), held_out)


def _portraits(file: ReadFile, to_words: ToWords, counts: SentenceCounts) -> Iterator[Portrait]:
    for note, passages in zip(file.reading.notes, file.passages, strict=True):
        if note.kind is not NoteKind.INDEX_PAGE:
            yield draw_portrait(note, passages, to_words=to_words, counts=counts)


def _others_on_paper(portraits: Sequence[Portrait]) -> dict[str, frozenset[str]]:
    """Give the other notes on its paper for each note that is not alone."""
    by_paper: dict[tuple[str, str], list[Portrait]] = {}
    for portrait in portraits:
        if portrait.paper:
            by_paper.setdefault(("paper", portrait.paper), []).append(portrait)
        if portrait.title:
            by_paper.setdefault(("title", portrait.title.casefold()), []).append(portrait)
    others: dict[str, frozenset[str]] = {}
    groups = (group for group in by_paper.values() if len(group) <= _MOST_ON_ONE_PAPER)
    for group in groups:
        for one in group:
            found = {other.note_id for other in group if _may_share(one, other)}
            if found:
                others[one.note_id] = others.get(one.note_id, frozenset()) | found
    return others


def _may_share(one: Portrait, other: Portrait) -> bool:
    """Tell whether two notes of like title or paper can be on one paper."""
    differ = one.paper and other.paper and one.paper != other.paper
    return one.note_id != other.note_id and not differ


def _share_out(
    portraits: Sequence[Portrait], counts: SentenceCounts, per_kind: int
) -> list[_Question]:
    """Give each note to one kind it can serve, until all kinds are full."""
    shared: dict[AutoKind, list[_Question]] = {kind: [] for kind in (*_HELD_OUT, AutoKind.SENTENCE)}
    for portrait in portraits:
        texts = {
            AutoKind.SUMMARY: portrait.summary,
            AutoKind.TITLE: portrait.title,
            AutoKind.SENTENCE: portrait.sentence,
        }
        possible = [
            _Question(kind, portrait.note_id, text)
            for kind, text in texts.items()
            if text and len(shared[kind]) < per_kind and counts.is_of_one_note(text)
        ]
        if possible:
            # Few notes sum themselves up in a line, and these are not spent on other kinds.
            question = min(
                possible, key=lambda one: (one.kind is not AutoKind.SUMMARY, len(shared[one.kind]))
            )
            shared[question.kind].append(question)
    return list(chain.from_iterable(shared.values()))


def _same_paper_queries(
    portraits: Sequence[Portrait], others: Mapping[str, frozenset[str]]
) -> list[JudgedQuery]:
    """Ask by what a note says in brief for the other notes on its paper; itself is no answer."""
    questions = [
        _Question(AutoKind.SAME_PAPER, portrait.note_id, portrait.in_brief)
        for portrait in portraits
        if portrait.in_brief
    ]
    return [
        JudgedQuery(
            _id(one),
            one.text,
            dict.fromkeys(sorted(others[one.note_id]), 1),
            kind=one.kind.value,
            ignored=frozenset((one.note_id,)),
        )
        for one in questions
    ]


def _id(question: _Question) -> str:
    return f"{question.kind.value}: {question.note_id}"
