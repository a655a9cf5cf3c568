"""An index and judged queries in, an evaluation out: `evaluation` joined to the pipeline."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from notesearch.embedding.load import say_nothing
from notesearch.evaluation.auto import make_queries
from notesearch.evaluation.beir import beir_notes, is_beir_folder
from notesearch.evaluation.evaluate import Evaluation, Found, evaluate
from notesearch.evaluation.hold_out import HeldOutCorpus
from notesearch.evaluation.judged import JudgedQuery
from notesearch.evaluation.metrics import DEPTH
from notesearch.library import Index, warn_in_python
from notesearch.search.answer import Mode
from notesearch.settings import Settings


def evaluate_index(
    index: Index, queries: Sequence[JudgedQuery], mode: Mode, *, rerank: bool | None = None
) -> Evaluation:
    """Put judged queries to an index in one mode; their texts are plain words, not query lines."""

    def search(query: JudgedQuery) -> list[Found]:
        k = DEPTH + len(query.ignored)
        answer = index.search(query.text, k, query.where, mode=mode, rerank=rerank, literally=True)
        return [Found(hit.note_id, hit.path, hit.passage_id, hit.weak) for hit in answer.hits]

    return evaluate(queries, search)


@contextmanager
def index_of_beir(
    folder: Path,
    settings: Settings,
    *,
    warn: Callable[[str], None] = warn_in_python,
    tell: Callable[[str], None] = say_nothing,
) -> Iterator[Index]:
    """Give an index of a BEIR folder's documents, one note each; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="notesearch-") as scratch:
        corpus = Path(scratch, "corpus")
        corpus.mkdir()
        for path, data in beir_notes(folder):
            (corpus / path).write_bytes(data)
        index_dir = Path(scratch, "index")
        with Index.open(index_dir, create=True, settings=settings, warn=warn, tell=tell) as index:
            index.update(corpus)
            yield index


@contextmanager
def index_of_own_notes(
    settings: Settings,
    *,
    warn: Callable[[str], None] = warn_in_python,
    tell: Callable[[str], None] = say_nothing,
) -> Iterator[tuple[Index, tuple[JudgedQuery, ...]]]:
    """Give an index of the settings' corpus to measure by, and queries made of its own notes.

    What the queries are made of is left out of a copy of the index, so that a line does not
    find itself; only the passages that it was in are embedded anew.
    """
    from notesearch.corpus.words.search_text import to_words

    with Index.open(create=True, settings=settings, warn=warn, tell=tell) as own:
        folder = own.folder()
    with tempfile.TemporaryDirectory(prefix="notesearch-") as scratch:
        index_dir = Path(scratch, "index")
        if settings.index.is_dir():
            shutil.copytree(settings.index, index_dir)
        with Index.open(index_dir, create=True, settings=settings, warn=warn, tell=tell) as index:
            files = folder.read_files([file.path for file in folder.list_files().files])
            made = make_queries(files, to_words=to_words)
            held_out = HeldOutCorpus(folder, made.held_out)
            index.update_from(held_out, f"{folder.fingerprint}, {held_out.fingerprint}")
            yield index, made.queries


@contextmanager
def index_for(
    queries: Path | None,
    settings: Settings,
    *,
    warn: Callable[[str], None] = warn_in_python,
    tell: Callable[[str], None] = say_nothing,
) -> Iterator[Index]:
    """Give the index that judged queries are meant for: a BEIR folder brings its own documents."""
    if queries is not None and queries.is_dir() and is_beir_folder(queries):
        plain = replace(settings, reading=(), ignore=())
        with index_of_beir(queries, plain, warn=warn, tell=tell) as index:
            yield index
        return
    with Index.open(settings=settings, warn=warn, tell=tell) as index:
        yield index
