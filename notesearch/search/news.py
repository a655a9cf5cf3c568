"""Find what is new: notes with new or changed passages, and what newly answers saved questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timezone

import numpy as np

from notesearch.errors import UsageError
from notesearch.index.snapshot import NewPart, NewTexts, Snapshot, StoredNote, StoredPassage
from notesearch.query.parser import parse_query
from notesearch.records import Hit
from notesearch.search.answer import Answer
from notesearch.search.question_words import read_wording, read_words
from notesearch.search.searcher import LEAST_RELEVANCE
from notesearch.search.snippets import Nearness
from notesearch.search.verdict import relevance
from notesearch.search.word_stems import stem_word

# A new passage answers a question where it is among so many of all passages, so many of a note.
DEPTH = 20
PER_NOTE = 3

# Asks a question for so many passages, so many of a note; also how near texts are to it.
Ask = Callable[[str, int, int], tuple[Answer, Nearness | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassage:
    """A passage that says something new; the fields are those of a hit."""

    passage_id: str
    line_start: int
    line_end: int
    section: tuple[str, ...]
    first_seen: str  # by the index: ISO 8601, UTC
    text: str  # as the file has it
    new_text: str  # what of it is new, with what stands between
    new_line: int  # where that begins


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsOfNote:
    """A note that is new, or that has passages which are."""

    note_id: str
    path: str
    title: str
    line_start: int
    date: str | None
    is_new: bool  # False: it was there before, and has changed
    passages: tuple[NewPassage, ...]  # those that are new, in the order of the note


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAnswers:
    """A saved question, and the new passages that answer it, best first."""

    name: str
    question: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnaskedQuestion:
    """A saved question that cannot be asked as it stands."""

    name: str
    question: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is new in an index since some time."""

    since: str  # ISO 8601, UTC; of several indexes the earliest
    notes: tuple[NewsOfNote, ...]  # what was seen last comes first
    deleted: int  # notes that are gone
    answers: tuple[NewAnswers, ...]  # of each saved question that is newly answered
    unasked: tuple[UnaskedQuestion, ...] = ()

    @property
    def is_none(self) -> bool:
        """Whether nothing is new, and nothing gone."""
        return not (self.notes or self.deleted)


def find_news(
    snapshot: Snapshot, after_s: Sequence[int], questions: Mapping[str, str], ask: Ask
) -> News:
    """Find what is new since a time for each index that is asked, in seconds since 1970."""
    new = snapshot.new_texts(after_s)
    stored = snapshot.passages(sorted(new.passages))
    new_texts = {one.passage.id: _new_text(one, new.passages[one.id]) for one in stored}
    answers: list[NewAnswers] = []
    unasked: list[UnaskedQuestion] = []
    for name, question in questions.items() if new_texts else ():
        try:
            hits = _new_hits(snapshot, question, new_texts, ask)
        except UsageError as error:
            reason = str(error).splitlines()[0]
            unasked.append(UnaskedQuestion(name=name, question=question, reason=reason))
            continue
        if hits:
            answers.append(NewAnswers(name=name, question=question, hits=hits))
    return News(
        since=_written(min(after_s)),
        notes=_news_of_notes(new, stored, snapshot),
        deleted=new.deleted,
        answers=tuple(answers),
        unasked=tuple(unasked),
    )


def _news_of_notes(
    new: NewTexts, stored: Sequence[StoredPassage], snapshot: Snapshot
) -> tuple[NewsOfNote, ...]:
    by_note: dict[int, list[StoredPassage]] = {}
    owners = snapshot.notes_of(np.array([one.id for one in stored], dtype=np.int64))
    for one, owner in zip(stored, owners.tolist(), strict=True):
        by_note.setdefault(owner, []).append(one)
    last = {
        number: max(new.passages[one.id].first_seen_s for one in passages)
        for number, passages in by_note.items()
    }
    order = sorted(
        by_note, key=lambda n: (-last[n], by_note[n][0].note.path, by_note[n][0].note.line_start)
    )
    return tuple(
        _news_of(by_note[number][0].note, by_note[number], new, is_new=number in new.notes)
        for number in order
    )


def _news_of(
    note: StoredNote, passages: Sequence[StoredPassage], new: NewTexts, *, is_new: bool
) -> NewsOfNote:
    return NewsOfNote(
        note_id=note.note_id,
        path=note.path,
        title=note.title,
        line_start=note.line_start,
        date=note.date,
        is_new=is_new,
        passages=tuple(_new_passage(one, new.passages[one.id]) for one in passages),
    )


def _new_passage(stored: StoredPassage, part: NewPart) -> NewPassage:
    passage = stored.passage
    return NewPassage(
        passage_id=passage.id,
        line_start=passage.line_start,
        line_end=passage.line_end,
        section=passage.section,
        first_seen=_written(part.first_seen_s),
        text=passage.text,
        new_text=_new_text(stored, part),
        new_line=min(
            passage.line_start + passage.text.count("\n", 0, part.start), passage.line_end
        ),
    )


def _new_text(stored: StoredPassage, part: NewPart) -> str:
    return stored.passage.text[part.start : part.end]


def _new_hits(
    snapshot: Snapshot, question: str, new_texts: Mapping[str, str], ask: Ask
) -> tuple[Hit, ...]:
    """Return the new passages that asking the question now shows, the best of each note.

    Of a passage that has changed, what is new has to answer.
    """
    answer, nearness = ask(question, DEPTH, PER_NOTE)
    query = parse_query(question)
    # A phrase is in each hit, and a filter alone lets each one through.
    is_sure = bool(query.phrases) or not query.text.strip()
    if answer.weak:
        return ()
    stems = frozenset(map(stem_word, read_wording(query.text).counts))
    found: dict[str, Hit] = {}
    for hit in answer.hits:
        new_text = new_texts.get(hit.passage_id)
        if new_text is None or hit.note_id in found:
            continue
        is_whole = len(new_text) == len(hit.text)
        said = f"{hit.title} {new_text}" if is_whole else new_text
        cosine = hit.cosine
        if not is_whole and nearness is not None:
            cosine = nearness([new_text])[0]
        if is_sure or _says_all(said, stems) or _is_near(snapshot, cosine):
            found[hit.note_id] = hit
    return tuple(found.values())


def _says_all(text: str, stems: Set[str]) -> bool:
    """Return whether a text has every telling word of a question."""
    return bool(stems) and stems <= set(map(stem_word, read_words(text)))


def _is_near(snapshot: Snapshot, cosine: float | None) -> bool:
    """Return whether a hit is relevant by itself, not only beside a better one."""
    if cosine is None:
        return True
    passages = len(snapshot.table.passage_ids)
    likely = relevance(cosine, snapshot.probe_cosines, None, passages)
    return likely is None or likely >= LEAST_RELEVANCE


def _written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
