"""The architecture on one page: update an index, open one, search it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from notesearch.corpus_folder import DEFAULT_CORPUS, CorpusFolder
from notesearch.embedding import Embedder, Reranker
from notesearch.embedding.load import say_nothing
from notesearch.errors import UnusableIndexError, UsageError
from notesearch.forms import FORMS
from notesearch.index.layout import IndexLayout
from notesearch.index.records import (
    Condition,
    CorpusDrift,
    CorpusSource,
    IndexStatus,
    LazyEmbedder,
    Problem,
    ProgressObserver,
    StoredNote,
    TagCount,
    UpdateReport,
    ignore_progress,
)
from notesearch.index.store import Store
from notesearch.model import Model
from notesearch.records import Hit, Passage
from notesearch.search.answer import Answer, Mode
from notesearch.search.conditions import to_condition
from notesearch.search.filters import Filter, Tag, all_of, leaves
from notesearch.search.known_tags import require_known_tags
from notesearch.search.naming import find_note
from notesearch.search.newest import find_newest
from notesearch.search.query_line import Query, parse_filter, parse_query, read_value
from notesearch.search.searcher import Searcher
from notesearch.settings import Settings

# What changes an index, and what reads tags and papers, is imported where it is used: a query
# must not wait for it.
if TYPE_CHECKING:
    from notesearch.index.update import UpdatePlan

_ALL = 1_000_000_000


class NotesearchWarning(UserWarning):
    """Something a person should know, and that is no error."""


def warn_in_python(message: str) -> None:
    """The library's way to warn; the command line hands in its own."""
    warnings.warn(message, NotesearchWarning, stacklevel=3)


def filter_of(field: str, value: str) -> Filter:
    """Make a filter of one field as the query line names them: `filter_of("tag", "dpo")`."""
    return read_value(field, value, FORMS)


class Index:
    """An index on disk: brought in step with a corpus by `update`, asked by `query`.

    Safe to search from several threads. Close it, or use it as a context manager.
    """

    def __init__(self, index_dir: Path, settings: Settings, model: Model) -> None:
        """Use `Index.open`."""
        self.index_dir = index_dir
        self._settings = settings
        self._model = model

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        embedder: Embedder | None = None,
        *,
        create: bool = False,
        reranker: Reranker | None = None,
        settings: Settings | None = None,
        warn: Callable[[str], None] = warn_in_python,
        tell: Callable[[str], None] = say_nothing,
    ) -> Index:
        """Open the index in a folder, or the one the settings name.

        With `create`, a folder without an index is fine: the first update makes one. An
        `embedder` or `reranker` of the caller's own takes the place of the one in the settings.
        `warn` hears what a person should know, `tell` what takes long.
        """
        settings = settings or Settings()
        index_dir = Path(path) if path is not None else settings.index
        model = Model(settings, embedder=embedder, reranker=reranker, warn=warn, tell=tell)
        if not create and not IndexLayout(index_dir).catalog.exists():
            raise UnusableIndexError(f"{index_dir} holds no index; run: notesearch index")
        return cls(index_dir, settings, model)

    # ------------------------------------------------------------ in step with the corpus

    def update(
        self,
        corpus: str | Path | None = None,
        *,
        progress: ProgressObserver | None = None,
        rebuild: bool = False,
        dry_run: bool = False,
        allow_empty: bool = False,
        lock_timeout_s: float = 10.0,
    ) -> UpdateReport:
        """Bring the index in step with a corpus folder; only what changed is read and embedded.

        Without a folder: that of the settings, or the one that the index was made of.
        """
        from notesearch.index.update import preview_update, update_index

        folder = self.folder(corpus)
        plan = replace(
            self._plan(folder, folder.fingerprint, folder.folder),
            rebuild=rebuild,
            allow_empty=allow_empty,
        )
        if dry_run:
            return preview_update(self.index_dir, plan)
        return update_index(
            self.index_dir,
            plan,
            lock_timeout_s=lock_timeout_s,
            progress=progress or ignore_progress,
        )

    def update_from(self, source: CorpusSource, reading: str) -> UpdateReport:
        """Bring the index in step with a corpus that is no plain folder.

        `reading` names the way it is read: another one reads everything anew.
        """
        from notesearch.index.update import update_index

        return update_index(self.index_dir, self._plan(source, reading))

    def folder(self, corpus: str | Path | None = None) -> CorpusFolder:
        """Give a corpus folder, by default the index's own, as an update reads it."""
        folder = Path(corpus) if corpus is not None else self._settings.corpus or self.corpus
        return CorpusFolder(folder, self._settings, self._model.ruler)

    @property
    def corpus(self) -> Path:
        """The folder of notes that the index was made of, or will be."""
        with suppress(UnusableIndexError):  # one that a rebuild may be about to mend
            made_of = self._store.state.corpus_folder(self.index_dir)
            if made_of is not None:
                return made_of
        return self._settings.corpus or DEFAULT_CORPUS

    def status(self) -> IndexStatus:
        """Say what the index holds, and by stat alone how the corpus differs from it."""
        from notesearch.index.status import read_status

        folder = self.folder(self.corpus)
        return read_status(self.index_dir, folder.list_files() if self.corpus.is_dir() else None)

    def drift(self) -> CorpusDrift | None:
        """Say by stat alone how the corpus differs from the index; None when it is not there."""
        from notesearch.index.status import read_drift

        return read_drift(self.index_dir, lambda corpus: self.folder(corpus).list_files())

    def check(self, *, fix: bool = False) -> tuple[Problem, ...]:
        """Look for damage, and mend with `fix` what can be mended without the model."""
        from notesearch.index.check import check_index

        return check_index(self.index_dir, fix=fix)

    # ------------------------------------------------------------ asked

    def query(
        self,
        text: str,
        k: int = 10,
        where: str | Filter | None = None,
        *,
        mode: str | Mode = Mode.HYBRID,
        per_note: int | None = 1,
        rerank: bool | None = None,
    ) -> list[Hit]:
        """Give the k best passages for a query line, at most `per_note` of each note.

        `where` filters as the query line does: `tag:dpo -tag:survey`, or a filter object. When
        nothing relevant is found, the nearest few hits come with `weak` set. Filters without
        words give the newest notes. `rerank` says whether a cross-encoder has the last word:
        by default where the settings name one.
        """
        return list(self.search(text, k, where, mode=mode, per_note=per_note, rerank=rerank).hits)

    def search(
        self,
        text: str,
        k: int = 10,
        where: str | Filter | None = None,
        *,
        mode: str | Mode = Mode.HYBRID,
        per_note: int | None = 1,
        rerank: bool | None = None,
        literally: bool = False,
    ) -> Answer:
        """Answer as `query` does, with what explains the hits.

        `literally` takes the text as plain words, whatever in it looks like a filter.
        """
        if k < 1 or (per_note is not None and per_note < 1):
            raise UsageError("the number of hits must be 1 or more")
        reranking = self._model.reranking(rerank)
        if literally or (not text.strip() and where is not None):
            query = Query(text, text)
        else:
            query = parse_query(text, FORMS)
        both = all_of([part for part in (_filter(where), query.where) if part is not None])
        condition = self._condition(both, query)
        if condition is not None and not (query.text.strip() or query.phrases):
            with self._store.snapshot() as snapshot:
                answer = Answer(find_newest(snapshot, condition, k, per_note), Mode.named(mode))
        else:
            answer = self._searcher.search(
                query.text,
                query.phrases,
                condition,
                k=k,
                mode=Mode.named(mode),
                per_note=per_note,
                reranking=reranking,
            )
        return replace(answer, where=str(both)) if both is not None else answer

    def similar(
        self, note: str, k: int = 10, where: str | Filter | None = None, *, per_note: int | None = 1
    ) -> Answer:
        """Find notes like one that is named by its id, path, title or a passage id.

        The note itself stays out; `Answer.same_paper` tells the notes on its very paper apart.
        """
        condition = self._condition(_filter(where))
        with self._store.snapshot() as snapshot:
            number, _ = find_note(snapshot, note)
        return self._searcher.similar([number], condition, k=k, per_note=per_note)

    def notes(
        self, where: str | Filter | None = None, limit: int | None = None
    ) -> list[StoredNote]:
        """List the notes that a filter lets through, the newest first."""
        condition = self._condition(_filter(where))
        with self._store.snapshot() as snapshot:
            return snapshot.list_notes(condition, _ALL if limit is None else limit)

    def tags(self, where: str | Filter | None = None) -> list[TagCount]:
        """Count the notes of each tag, the commonest first; of the notes that a filter lets by."""
        condition = self._condition(_filter(where))
        with self._store.snapshot() as snapshot:
            return snapshot.tags(condition)

    def show(self, name: str) -> tuple[StoredNote, list[Passage]]:
        """Give the note of a note id, path, title or passage id, with its passages in order.

        UsageError when there is none, or when several have that title or path.
        """
        with self._store.snapshot() as snapshot:
            number, note = find_note(snapshot, name)
            return note, [stored.passage for stored in snapshot.passages_of_note(number)]

    def passage_text(self, hit: Hit, around: int = 0) -> str:
        """Give a hit's text with so many passages of its note before and after it."""
        if not around:
            return hit.text
        with self._store.snapshot() as snapshot:
            for number in snapshot.find_notes(hit.note_id):
                passages = [stored.passage for stored in snapshot.passages_of_note(number)]
                at = next((n for n, p in enumerate(passages) if p.id == hit.passage_id), None)
                if at is not None:
                    near = passages[max(at - around, 0) : at + around + 1]
                    return "\n\n".join(passage.text for passage in near)
        return hit.text

    # ------------------------------------------------------------ held open

    def close(self) -> None:
        """Let go of the files; searches at work finish first."""
        store = self.__dict__.pop("_store", None)
        self.__dict__.pop("_searcher", None)
        if store is not None:
            store.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @cached_property
    def _store(self) -> Store:
        return Store(self.index_dir)

    @cached_property
    def _searcher(self) -> Searcher:
        return Searcher(
            self._store, lambda: self._model.embedder, floor_file=IndexLayout(self.index_dir).floor
        )

    def _condition(self, where: Filter | None, query: Query | None = None) -> Condition | None:
        """Turn a filter into what the index takes; a tag that nobody uses is an error."""
        if where is None:
            return None
        asked = [leaf.name for leaf in leaves(where) if isinstance(leaf, Tag)]
        with self._store.snapshot() as snapshot:
            # Counting all tags takes long where there are many notes: only an error needs it.
            if not all(snapshot.has_tag(name) for name in asked):
                require_known_tags(
                    where,
                    {tag.normal: tag.notes for tag in snapshot.tags()},
                    line=query.line if query else "",
                    places=query.places if query else (),
                )
        return to_condition(where)

    def _plan(self, source: CorpusSource, reading: str, corpus: Path | None = None) -> UpdatePlan:
        from notesearch.corpus.facts.tags import normalise_tag, tag_and_parents
        from notesearch.index.update import UpdatePlan

        return UpdatePlan(
            source=source,
            embedder=LazyEmbedder(self._model.fingerprint, lambda: self._model.embedder),
            reading=reading,
            tag_forms=lambda tag: tag_and_parents(normalise_tag(tag))[::-1],
            corpus=corpus,
        )


def _filter(where: str | Filter | None) -> Filter | None:
    """Read a filter that may be given as a query line writes it."""
    return parse_filter(where, FORMS) if isinstance(where, str) else where
