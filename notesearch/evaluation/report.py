"""Summarise evaluations: figures by kind and split, and the difference between two settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notesearch.errors import UsageError
from notesearch.evaluation.evaluate import Evaluation, Found, Outcome
from notesearch.evaluation.judged import JudgedQuery
from notesearch.evaluation.metrics import Figure, Measure, mean_figures

# Sums of the same terms in another order differ by less; it is no better or worse result.
_EQUAL = 1e-9
# A query fails when none of its answers is among so many notes.
FAILURE_DEPTH = 10
_SHOWN_INSTEAD = 3


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
