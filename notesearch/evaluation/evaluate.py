"""Judged queries and a search in, what each query found and how good that is out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from notesearch.evaluation.judged import JudgedQuery
from notesearch.evaluation.metrics import Measure, score_ranking


@dataclass(frozen=True, slots=True)
class Found:
    """A hit, as far as it is judged."""

    id: str  # of the note
    path: str  # of its file
    passage_id: str
    weak: bool  # the search itself says that nothing relevant was found


# Gives the hits of a query, best first: at least `metrics.DEPTH` notes where there are as many.
Search = Callable[[JudgedQuery], Sequence[Found]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one query found."""

    query: JudgedQuery
    # Best first, each judged note and each other note once, without what the query ignores.
    found: tuple[Found, ...]
    grades: tuple[int, ...]  # of each in `found`; 0: not judged relevant
    scores: Mapping[Measure, float]  # empty where nothing answers the query
    called_weak: bool  # the search said that nothing relevant was found

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
    """Put every query to a search and measure what comes.

    A judgement holds for a hit whose note id or path it names. Several passages of one note
    count where the first of them stands; where all judgements are of files, so do several notes
    of one file.
    """
    asked = tuple(queries)
    of_files = not any("#" in name for query in asked for name in query.relevant)
    return Evaluation(tuple(_outcome(query, search(query), of_files=of_files) for query in asked))


def _outcome(query: JudgedQuery, hits: Sequence[Found], *, of_files: bool) -> Outcome:
    counted = [hit for hit in hits if query.ignored.isdisjoint((hit.id, hit.path, hit.passage_id))]
    by_name: dict[str, Found] = {}
    for hit in counted:
        by_name.setdefault(hit.path if of_files else _judged_name(hit, query), hit)
    return Outcome(
        query=query,
        found=tuple(by_name.values()),
        grades=tuple(query.relevant.get(name, 0) for name in by_name),
        scores=score_ranking(by_name, query.relevant) if query.has_answer else {},
        called_weak=all(hit.weak for hit in counted),
    )


def _judged_name(hit: Found, query: JudgedQuery) -> str:
    """Give the name that a hit is judged by: the note before the file it stands in."""
    return hit.path if hit.id not in query.relevant and hit.path in query.relevant else hit.id
