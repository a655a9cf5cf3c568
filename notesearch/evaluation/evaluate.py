"""Put judged queries to an index or another search, and sum up what they found.

That is figures by kind and by split, the difference between two settings, and the queries that
found no answer.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from notesearch.errors import UsageError
from notesearch.evaluation.beir import beir_notes, is_beir_folder
from notesearch.evaluation.judged import ANSWERS, JudgedQuery, Lines
from notesearch.evaluation.metrics import (
    DEPTH,
    Difference,
    Figure,
    Measure,
    Scores,
    mean_differences,
    mean_figures,
    score_passages,
    score_ranking,
)
from notesearch.library import Index
from notesearch.records import Hit
from notesearch.search.answer import Mode
from notesearch.settings import Settings

# A query fails when none of its answers is among so many notes.
FAILURE_DEPTH = 10
# The passage shown of the right note is judged where that note is among so many.
_READ_DEPTH = 10
_SHOWN_INSTEAD = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A hit, as far as it is judged."""

    id: str  # of the note
    path: str  # of its file
    passage_id: str
    lines: Lines  # of the passage, in the file
    weak: bool  # the search itself says that nothing relevant was found

    @classmethod
    def of(cls, hit: Hit) -> Found:
        """Return what is judged of a hit."""
        lines = hit.line_start, hit.line_end
        return cls(hit.note_id, hit.path, hit.passage_id, lines, hit.weak)


# Returns the hits of a query, best first: at least `DEPTH` notes where there are as many.
Search = Callable[[JudgedQuery], Sequence[Found]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one query found."""

    query: JudgedQuery
    found: tuple[Found, ...]  # best first, each judged note and each other note once
    grades: tuple[int, ...]  # of each in `found`; 0: not judged relevant
    scores: Scores  # those of the measures that the judgements of the query allow

    @property
    def first_relevant(self) -> int | None:
        """The rank, from 1, of the best relevant note."""
        return next((rank for rank, grade in enumerate(self.grades, 1) if grade), None)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What all queries found, in the order they were given."""

    outcomes: tuple[Outcome, ...]

    @property
    def answerable(self) -> tuple[Outcome, ...]:
        """The queries that something answers."""
        return tuple(outcome for outcome in self.outcomes if outcome.query.has_answer)

    @property
    def unanswerable(self) -> tuple[Outcome, ...]:
        """The queries that nothing answers."""
        return tuple(outcome for outcome in self.outcomes if not outcome.query.has_answer)


def evaluate(queries: Iterable[JudgedQuery], search: Search) -> Evaluation:
    """Put every query to a search and measure what it finds.

    A judgement holds for a hit whose note id or path it names. Several passages of one note
    count where the first of them stands; where all judgements are of files, so do several notes
    of one file.
    """
    asked = tuple(queries)
    of_files = not any("#" in name for query in asked for name in query.judged_notes)
    return Evaluation(tuple(_outcome(query, search(query), of_files=of_files) for query in asked))


def _outcome(query: JudgedQuery, hits: Sequence[Found], *, of_files: bool) -> Outcome:
    by_name: dict[str, Found] = {}
    for hit in hits:
        # A judgement of the note goes before one of its file.
        is_by_file = hit.id not in query.relevant and hit.path in query.relevant
        by_name.setdefault(hit.path if of_files or is_by_file else hit.id, hit)
    found = tuple(by_name.values())
    grades = tuple(query.relevant.get(name, 0) for name in by_name)
    called_weak = all(hit.weak for hit in hits)
    scores: dict[Measure, float] = {}
    if query.has_answer:
        scores |= score_ranking(by_name, query.relevant)
        scores[Measure.CALLED_WEAK] = float(called_weak)
    else:
        scores[Measure.NOT_CALLED_WEAK] = float(not called_weak)
    if query.lines and any(grades[:_READ_DEPTH]):
        right = next(hit for hit, grade in zip(found, grades, strict=True) if grade)
        scores[Measure.RIGHT_PASSAGE] = float(_shows_answer(right, query))
    if query.passages:
        scores |= score_passages(_shown_grades(found, query), _best_grades(query))
    return Outcome(query, found, grades, scores)


def _shows_answer(hit: Found, query: JudgedQuery) -> bool:
    """Return whether a passage is of the one relevant note and holds a line that answers."""
    is_right = hit.id in query.relevant or hit.path in query.relevant
    return is_right and any(_overlap(hit.lines, lines) for lines in query.lines)


def _shown_grades(found: Iterable[Found], query: JudgedQuery) -> list[int | None]:
    """Return the grade of the passage that is shown of each note, best note first.

    Where a file is judged by its path, all of its notes count as one, here and in `_best_grades`.
    """
    first: dict[str, Found] = {}
    for hit in found:
        first.setdefault(hit.path if hit.path in query.judged_notes else hit.id, hit)
    return [_passage_grade(hit, query) for hit in first.values()]


def _passage_grade(hit: Found, query: JudgedQuery) -> int | None:
    """Return the highest grade of the judged passages that one overlaps; None: of none."""
    if _shows_answer(hit, query):
        return ANSWERS
    return max(
        (
            judged.grade
            for judged in query.passages
            if judged.note in (hit.id, hit.path) and _overlap(hit.lines, judged.lines)
        ),
        default=None,
    )


def _best_grades(query: JudgedQuery) -> Collection[int]:
    """Return the highest grade of each note that has a judged passage."""
    judged = [(passage.note, passage.grade) for passage in query.passages]
    if query.lines:
        judged += [(name, ANSWERS) for name in query.relevant]
    best: dict[str, int] = {}
    for name, grade in judged:
        files = (file for file in query.judged_notes if name.startswith(f"{file}#"))
        note = next(files, name)
        best[note] = max(grade, best.get(note, 0))
    return best.values()


def _overlap(one: Lines, other: Lines) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def evaluate_index(
    index: Index, queries: Sequence[JudgedQuery], mode: Mode, *, rerank: bool | None = None
) -> Evaluation:
    """Put judged queries to an index in one mode; their texts are plain words, not query lines."""

    def search(query: JudgedQuery) -> list[Found]:
        answer = index.search(
            query.text, DEPTH, query.where, mode=mode, rerank=rerank, literally=True
        )
        return list(map(Found.of, answer.hits))

    return evaluate(queries, search)


@contextmanager
def index_for(
    queries: Path, settings: Settings, open_index: Callable[..., Index] = Index.open
) -> Iterator[Index]:
    """Open the index that judged queries are meant for, with a function such as `Index.open`.

    The documents of a BEIR folder get an index of their own, one note each; it is removed
    afterwards.
    """
    if not is_beir_folder(queries):
        with open_index(settings=settings) as index:
            yield index
        return
    plain = replace(settings, reading=(), ignore=())
    with tempfile.TemporaryDirectory(prefix="notesearch-") as scratch:
        corpus = Path(scratch, "corpus")
        corpus.mkdir()
        for path, data in beir_notes(queries):
            (corpus / path).write_bytes(data)
        with open_index(Path(scratch, "index"), create=True, settings=plain) as index:
            index.update(corpus)
            yield index


# Reports


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of some of the queries."""

    kind: str | None  # None: of every kind
    split: str | None  # None: of every split
    has_answer: bool  # whether these are queries that something answers, or such as nothing does
    queries: int
    figures: Mapping[Measure, Figure]


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one setting."""

    setting: str  # a mode, a model, …
    # All queries that have an answer, these by kind and by split, then those that have none.
    groups: tuple[Group, ...]
    one_answer: bool  # each has one at most: the rank of that says all about a ranking


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two settings over the same queries, query by query."""

    first: str
    second: str
    differences: Mapping[Measure, Difference]


@dataclass(frozen=True, slots=True)
class Failure:
    """A query with none of its answers among the first `FAILURE_DEPTH` notes."""

    query: JudgedQuery
    first_relevant: int | None  # the rank of the best answer; None: it was not found at all
    instead: tuple[Found, ...]  # the first that came


def make_report(setting: str, evaluation: Evaluation) -> Report:
    """Return the figures of an evaluation: of all its queries, by kind and by split."""
    answerable, unanswerable = evaluation.answerable, evaluation.unanswerable
    groups = [_group(answerable)] if answerable else []
    kinds = sorted({outcome.query.kind for outcome in answerable})
    splits = sorted({outcome.query.split for outcome in answerable})
    if len(kinds) > 1:
        groups += [_group(answerable, kind=kind) for kind in kinds]
    if len(splits) > 1:
        groups += [_group(answerable, split=split) for split in splits]
    if unanswerable:
        groups.append(_group(unanswerable, has_answer=False))
    one_answer = all(len(outcome.query.relevant) <= 1 for outcome in evaluation.outcomes)
    return Report(setting, tuple(groups), one_answer)


def compare(first: tuple[str, Evaluation], second: tuple[str, Evaluation]) -> Comparison:
    """Compare two named evaluations of the same queries: the second less the first."""
    before = {outcome.query.id: outcome.scores for outcome in first[1].outcomes}
    after = {outcome.query.id: outcome.scores for outcome in second[1].outcomes}
    if not before or before.keys() != after.keys():
        raise UsageError(
            f"{first[0]} and {second[0]} can be compared over the same queries alone; "
            "evaluate both with one set of them"
        )
    differences = mean_differences(list(before.values()), [after[name] for name in before])
    return Comparison(first[0], second[0], differences)


def find_failures(evaluation: Evaluation) -> tuple[Failure, ...]:
    """List the queries with no answer among the first notes, with the hits that came instead."""
    return tuple(
        Failure(outcome.query, outcome.first_relevant, outcome.found[:_SHOWN_INSTEAD])
        for outcome in evaluation.answerable
        if not any(outcome.grades[:FAILURE_DEPTH])
    )


def _group(
    outcomes: Sequence[Outcome],
    *,
    kind: str | None = None,
    split: str | None = None,
    has_answer: bool = True,
) -> Group:
    """Return the figures of the queries of a kind and a split, None being all of them."""
    rows = [
        outcome.scores
        for outcome in outcomes
        if kind in (None, outcome.query.kind) and split in (None, outcome.query.split)
    ]
    return Group(kind, split, has_answer, len(rows), mean_figures(rows))
