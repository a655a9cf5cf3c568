"""Put judged queries to an index or another search, and sum up what they found.

That is figures by kind and by split, the difference between two settings, and the queries that
found no answer.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from notesearch.errors import UsageError
from notesearch.evaluation.judged import JudgedQuery, beir_notes, is_beir_folder
from notesearch.evaluation.metrics import DEPTH, Figure, Measure, mean_figures, score_ranking
from notesearch.library import Index
from notesearch.search.answer import Mode
from notesearch.settings import Settings

# Sums of the same terms in another order differ by less; it is no better or worse result.
_EQUAL = 1e-9
# A query fails when none of its answers is among so many notes.
FAILURE_DEPTH = 10
_SHOWN_INSTEAD = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A hit, as far as it is judged."""

    id: str  # of the note
    path: str  # of its file
    passage_id: str
    weak: bool  # the search itself says that nothing relevant was found


# Returns the hits of a query, best first: at least `DEPTH` notes where there are as many.
Search = Callable[[JudgedQuery], Sequence[Found]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one query found."""

    query: JudgedQuery
    found: tuple[Found, ...]  # best first, each judged note and each other note once
    grades: tuple[int, ...]  # of each in `found`; 0: not judged relevant
    scores: Mapping[Measure, float]  # empty where nothing answers the query
    called_weak: bool  # the search found nothing relevant, by its own judgement

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
        """The queries that something answers: they alone have scores."""
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
    of_files = not any("#" in name for query in asked for name in query.relevant)
    return Evaluation(tuple(_outcome(query, search(query), of_files=of_files) for query in asked))


def _outcome(query: JudgedQuery, hits: Sequence[Found], *, of_files: bool) -> Outcome:
    by_name: dict[str, Found] = {}
    for hit in hits:
        # A judgement of the note goes before one of its file.
        is_by_file = hit.id not in query.relevant and hit.path in query.relevant
        by_name.setdefault(hit.path if of_files or is_by_file else hit.id, hit)
    return Outcome(
        query=query,
        found=tuple(by_name.values()),
        grades=tuple(query.relevant.get(name, 0) for name in by_name),
        scores=score_ranking(by_name, query.relevant) if query.has_answer else {},
        called_weak=all(hit.weak for hit in hits),
    )


def evaluate_index(
    index: Index, queries: Sequence[JudgedQuery], mode: Mode, *, rerank: bool | None = None
) -> Evaluation:
    """Put judged queries to an index in one mode; their texts are plain words, not query lines."""

    def search(query: JudgedQuery) -> list[Found]:
        answer = index.search(
            query.text, DEPTH, query.where, mode=mode, rerank=rerank, literally=True
        )
        return [Found(hit.note_id, hit.path, hit.passage_id, hit.weak) for hit in answer.hits]

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
    """The figures of some of the queries that have an answer."""

    kind: str | None  # None: of every kind
    split: str | None  # None: of every split
    queries: int
    figures: Mapping[Measure, Figure]


@dataclass(frozen=True, slots=True)
class WeakCalls:
    """How well a search knows that it found nothing."""

    unanswerable: int  # queries that nothing answers
    recognised: Figure | None  # share of these that were called weak; None: there are none
    answerable: int
    wrongly_weak: Figure | None  # share of these that were called weak


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one setting."""

    setting: str  # a mode, a model, …
    groups: tuple[Group, ...]  # all queries first, then by kind, then by split
    weak_calls: WeakCalls


@dataclass(frozen=True, slots=True)
class Difference(Figure):
    """How much more the second of two settings has, over the same queries."""

    better: float  # shares of the queries; the three make 1
    equal: float
    worse: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two settings over the same queries that have an answer, query by query."""

    first: str
    second: str
    queries: int
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
    weak_calls = WeakCalls(
        unanswerable=len(unanswerable),
        recognised=_share_called_weak(unanswerable),
        answerable=len(answerable),
        wrongly_weak=_share_called_weak(answerable),
    )
    return Report(setting, tuple(groups), weak_calls)


def compare(first: tuple[str, Evaluation], second: tuple[str, Evaluation]) -> Comparison:
    """Compare two named evaluations of the same queries: the second less the first."""
    before = {outcome.query.id: outcome for outcome in first[1].answerable}
    after = {outcome.query.id: outcome for outcome in second[1].answerable}
    if not before or before.keys() != after.keys():
        raise UsageError(
            f"{first[0]} and {second[0]} can be compared over the same queries with an answer "
            "alone; evaluate both with one set of them"
        )
    rows = [
        [after[name].scores[measure] - before[name].scores[measure] for measure in Measure]
        for name in before
    ]
    columns = zip(Measure, mean_figures(rows), zip(*rows, strict=True), strict=True)
    differences = {measure: _difference(figure, column) for measure, figure, column in columns}
    return Comparison(first[0], second[0], len(rows), differences)


def find_failures(evaluation: Evaluation) -> tuple[Failure, ...]:
    """List the queries with no answer among the first notes, with the hits that came instead."""
    return tuple(
        Failure(outcome.query, outcome.first_relevant, outcome.found[:_SHOWN_INSTEAD])
        for outcome in evaluation.answerable
        if not any(outcome.grades[:FAILURE_DEPTH])
    )


def _group(
    outcomes: Sequence[Outcome], *, kind: str | None = None, split: str | None = None
) -> Group:
    """Return the figures of the queries of a kind and a split, None being all of them."""
    rows = [
        [outcome.scores[measure] for measure in Measure]
        for outcome in outcomes
        if kind in (None, outcome.query.kind) and split in (None, outcome.query.split)
    ]
    figures = dict(zip(Measure, mean_figures(rows), strict=True))
    return Group(kind, split, len(rows), figures)


def _share_called_weak(outcomes: Sequence[Outcome]) -> Figure | None:
    if not outcomes:
        return None
    return mean_figures([[float(outcome.called_weak)] for outcome in outcomes])[0]


def _difference(figure: Figure, values: Sequence[float]) -> Difference:
    better = sum(value > _EQUAL for value in values) / len(values)
    worse = sum(value < -_EQUAL for value in values) / len(values)
    equal = sum(abs(value) <= _EQUAL for value in values) / len(values)
    return Difference(figure.mean, figure.low, figure.high, better, equal, worse)
