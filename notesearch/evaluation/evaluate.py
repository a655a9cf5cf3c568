"""Put judged queries to an index or another search, and measure what each of them found."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from notesearch.errors import say_nothing, warn_in_python
from notesearch.evaluation.judged import JudgedQuery, beir_notes, is_beir_folder
from notesearch.evaluation.metrics import DEPTH, Measure, score_ranking
from notesearch.library import Index
from notesearch.search.answer import Mode
from notesearch.settings import Settings


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
    queries: Path,
    settings: Settings,
    *,
    warn: Callable[[str], None] = warn_in_python,
    announce: Callable[[str], None] = say_nothing,
) -> Iterator[Index]:
    """Open the index that judged queries are meant for.

    The documents of a BEIR folder get an index of their own, one note each; it is removed
    afterwards.
    """
    if not is_beir_folder(queries):
        with Index.open(settings=settings, warn=warn, announce=announce) as index:
            yield index
        return
    plain = replace(settings, reading=(), ignore=())
    with tempfile.TemporaryDirectory(prefix="notesearch-") as scratch:
        corpus = Path(scratch, "corpus")
        corpus.mkdir()
        for path, data in beir_notes(queries):
            (corpus / path).write_bytes(data)
        index_dir = Path(scratch, "index")
        with Index.open(
            index_dir, create=True, settings=plain, warn=warn, announce=announce
        ) as index:
            index.update(corpus)
            yield index
