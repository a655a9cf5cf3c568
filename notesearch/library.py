"""The library on one page: open an index, bring it in step with a corpus, ask it."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal
from unicodedata import is_normalized

from notesearch.arguments import (
    require_count,
    require_embedder,
    require_reranker,
    require_seconds,
    require_text,
)
from notesearch.chosen_models import ChosenModels
from notesearch.corpus.folder import DEFAULT_CORPUS, CorpusFolder
from notesearch.embedding import Embedder, Reranker, silenced
from notesearch.errors import (
    CorpusError,
    UnusableIndexError,
    UsageError,
    say_nothing,
    warn_in_python,
)
from notesearch.index.catalog import no_index_yet
from notesearch.index.changes import CorpusSource
from notesearch.index.index_layout import IndexLayout, require_safe_folder
from notesearch.index.origin import lies_beside, read_corpus_name, remember_index
from notesearch.index.reports import (
    CorpusDrift,
    IndexStatus,
    Problem,
    ProgressObserver,
    UpdateReport,
    ignore_progress,
)
from notesearch.index.snapshot import Snapshot, StoredNote, TagCount
from notesearch.index.store import Store
from notesearch.lazy import Lazy
from notesearch.query.filters import Filter, Tag, all_of, leaves, require_sound
from notesearch.query.known_tags import require_known_tags
from notesearch.query.parser import Query, parse_filter, parse_query, read_value
from notesearch.records import Hit, Passage
from notesearch.search.answer import Answer, Mode
from notesearch.search.note_lookup import find_newest, find_note
from notesearch.search.searcher import Searcher
from notesearch.search.snippets import Piece, cut_snippets
from notesearch.search.verdict import UNRELATED
from notesearch.settings import DEFAULT_INDEX, Settings

# What changes an index, and what reads tags and papers, is imported where it is used: a query
# must not wait for it.
if TYPE_CHECKING:
    from notesearch.index.update import UpdatePlan

_ALL = 1_000_000_000

ModeName = Literal["hybrid", "dense", "lexical"]


def filter_of(field: str, value: str) -> Filter:
    """Make a filter of one field as the query line names them: `filter_of("tag", "dpo")`."""
    return read_value(field, value)


class Index:
    """An index on disk: brought in step with a corpus by `update`, asked by `query`.

    Safe to search from several threads. Close it, or use it as a context manager.
    """

    def __init__(
        self, index_dir: Path, settings: Settings, models: ChosenModels, *, debug: bool = False
    ) -> None:
        """Use `Index.open`."""
        self.index_dir = index_dir
        self._settings = settings
        self._models = models
        self._debug = debug
        self._store = Lazy(lambda: Store(index_dir))
        self._searcher = Lazy(lambda: Searcher(models.embedder))
        self._turn = threading.Condition()
        self._at_work = 0  # questions being answered
        self._is_closed = False

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
        announce: Callable[[str], None] = say_nothing,
        debug: bool = False,
    ) -> Index:
        """Open the index in a folder, or the one the settings name.

        With `create`, a folder without an index is fine: the first update makes one. An
        `embedder` or `reranker` of the caller's own takes the place of the one in the settings.
        `warn` is called with what a person should know, `announce` with what takes long. With
        `debug`, a bug in the reading of one file ends the update with its traceback, instead of
        leaving that file out.
        """
        settings = settings or Settings()
        if embedder is not None:
            require_embedder(embedder)
        if reranker is not None:
            require_reranker(reranker)
        if path is not None:
            index_dir = Path(path)
        elif settings.index == DEFAULT_INDEX:
            index_dir = _default_index(settings.index)
        else:
            index_dir = settings.index
        models = ChosenModels(
            settings, embedder=embedder, reranker=reranker, warn=warn, announce=announce
        )
        require_safe_folder(index_dir)
        layout = IndexLayout(index_dir)
        if not create and not layout.catalog.exists():
            there = DEFAULT_CORPUS if DEFAULT_CORPUS.is_dir() else None
            raise no_index_yet(layout, settings.corpus or there)
        return cls(index_dir, settings, models, debug=debug)

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

        self._require_open()
        require_seconds("lock_timeout_s", lock_timeout_s)
        folder = self.folder(corpus)
        plan = replace(
            self._plan(folder, folder.fingerprint, folder.folder),
            rebuild=rebuild,
            allow_empty=allow_empty,
        )
        if dry_run:
            return preview_update(self.index_dir, plan)
        report = update_index(
            self.index_dir,
            plan,
            lock_timeout_s=lock_timeout_s,
            progress=progress or ignore_progress,
        )
        if not lies_beside(folder.folder, self.index_dir):
            remember_index(self._store.get().read_state().identity)
        return report

    def kept_passages(self) -> int:
        """Count the passages that an interrupted update has embedded for the next one."""
        from notesearch.index.journal import count_kept

        return count_kept(IndexLayout(self.index_dir).journal)

    def update_from(self, source: CorpusSource, reading: str) -> UpdateReport:
        """Bring the index in step with a corpus that is no plain folder.

        `reading` names the way it is read: another one reads everything anew.
        """
        from notesearch.index.update import update_index

        self._require_open()
        return update_index(self.index_dir, self._plan(source, reading))

    def folder(self, corpus: str | Path | None = None) -> CorpusFolder:
        """Return a corpus folder, by default the index's own, as an update reads it."""
        if corpus is None and self._settings.corpus is None:
            self.require_own_corpus()
        folder = Path(corpus) if corpus is not None else self._settings.corpus or self.corpus
        return CorpusFolder(
            folder, self._settings.reading_options, self._models.counter.get, debug=self._debug
        )

    @property
    def corpus(self) -> Path:
        """The folder of notes that the index was made of, or will be."""
        layout = IndexLayout(self.index_dir)
        with suppress(UnusableIndexError):  # one that a rebuild may be about to mend
            made_of = self._store.get().read_state().corpus_folder(self.index_dir)
            if made_of is not None:
                return made_of
        if known := read_corpus_name(layout.corpus_name):
            return Path(known)
        if self._settings.corpus is None and layout.catalog.exists():
            raise UnusableIndexError(
                f"{self.index_dir}: is damaged, and does not say which folder it was made of; "
                f"{layout.rebuild} (with your folder of notes for CORPUS)"
            )
        return self._settings.corpus or _default_corpus()

    def status(self) -> IndexStatus:
        """Describe the index, and count by stat alone how the corpus differs from it."""
        from notesearch.index.status import read_status

        self._require_open()
        listing = None
        with suppress(CorpusError):
            self.require_own_corpus()
            listing = self.folder(self.corpus).list_files() if self.corpus.is_dir() else None
        return read_status(self.index_dir, listing)

    def drift(self) -> CorpusDrift | None:
        """Count by stat alone how the corpus differs from the index; None when it is not there.

        CorpusError where it cannot be listed, or is not to be: see `require_own_corpus`.
        """
        from notesearch.index.status import read_drift

        self._require_open()
        self.require_own_corpus()
        return read_drift(self.index_dir, lambda corpus: self.folder(corpus).list_files())

    def check(self, *, fix: bool = False) -> tuple[Problem, ...]:
        """Look for damage, and mend with `fix` what can be mended without the model."""
        from notesearch.index.check import check_index

        self._require_open()
        return check_index(self.index_dir, fix=fix)

    def require_own_corpus(self) -> None:
        """Raise CorpusError where the index names a folder that it is not to be believed about.

        An index that came from somewhere else has no folder walked, and no file opened.
        """
        with suppress(UnusableIndexError):  # nothing says anything yet
            state = self._store.get().read_state()
            state.require_own_corpus(self.index_dir, self._settings.corpus)

    # ------------------------------------------------------------ asked

    def query(
        self,
        text: str,
        k: int = 10,
        where: str | Filter | None = None,
        *,
        mode: ModeName | Mode = Mode.HYBRID,
        per_note: int | None = 1,
        rerank: bool | None = None,
    ) -> list[Hit]:
        """Return the k best passages for a query line, at most `per_note` of each note.

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
        mode: ModeName | Mode = Mode.HYBRID,
        per_note: int | None = 1,
        rerank: bool | None = None,
        literally: bool = False,
    ) -> Answer:
        """Answer as `query` does, with what explains the hits.

        `literally` takes the text as plain words, whatever in it looks like a filter.
        """
        require_text("the question", text)
        _require_counts(k, per_note)
        ranked_by = Mode.named(mode)
        reranking = self._models.reranking(rerank)
        if literally or (not text.strip() and where is not None):
            query = Query(text, text)
        else:
            query = parse_query(text)
        query = replace(
            query,
            text=_as_notes_say(query.text),
            phrases=tuple(map(_as_notes_say, query.phrases)),
        )
        both = all_of([part for part in (_filter(where), query.where) if part is not None])
        with self._snapshot() as snapshot:
            _check_filter(snapshot, both, query)
            if both is not None and not (query.text.strip() or query.phrases):
                answer = Answer(find_newest(snapshot, both, k, per_note), ranked_by)
            else:
                answer = self._searcher.get().search(
                    snapshot,
                    query.text,
                    query.phrases,
                    both,
                    k=k,
                    mode=ranked_by,
                    per_note=per_note,
                    reranking=reranking,
                )
        return replace(answer, where=str(both)) if both is not None else answer

    def similar(
        self, note: str, k: int = 10, where: str | Filter | None = None, *, per_note: int | None = 1
    ) -> Answer:
        """Find notes like one that is named by its id, path, title or a passage id.

        The note itself stays out; `Answer.same_paper` names the notes on the same paper.
        """
        require_text("the note", note)
        _require_counts(k, per_note)
        with self._snapshot() as snapshot:
            only = _checked_filter(snapshot, where)
            number, _ = find_note(snapshot, note)
            return self._searcher.get().similar(snapshot, [number], only, k=k, per_note=per_note)

    def notes(
        self, where: str | Filter | None = None, limit: int | None = None
    ) -> list[StoredNote]:
        """List the notes that a filter lets through, the newest first."""
        if limit is not None:
            require_count("limit", limit, _ALL)
        with self._snapshot() as snapshot:
            only = _checked_filter(snapshot, where)
            return snapshot.list_notes(only, _ALL if limit is None else limit)

    def tags(self, where: str | Filter | None = None) -> list[TagCount]:
        """Count the notes of each tag, the commonest first; of the notes that a filter lets by."""
        with self._snapshot() as snapshot:
            return snapshot.tags(_checked_filter(snapshot, where))

    def show(self, name: str) -> tuple[StoredNote, list[Passage]]:
        """Return the note of a note id, path, title or passage id, with its passages in order.

        UsageError when there is none, or when several have that title or path.
        """
        require_text("the note", name)
        with self._snapshot() as snapshot:
            number, note = find_note(snapshot, name)
            return note, [stored.passage for stored in snapshot.passages_of_note(number)]

    def snippets(self, answer: Answer, max_chars: int = 400) -> list[tuple[Piece, ...]]:
        """Return of each hit the sentences that answer the question, with its words marked.

        The model of the question reads those of the first few hits, where an answer has a
        `vector`; the others are chosen by the question's words.
        """
        self._require_open()
        require_count("max_chars", max_chars, _ALL)
        return cut_snippets(
            [hit.text for hit in answer.hits],
            answer.words,
            max_chars=max_chars,
            nearness=self._searcher.get().nearness(answer),
        )

    def passage_text(self, hit: Hit, around: int = 0) -> str:
        """Return a hit's text with so many passages of its note before and after it."""
        if not around:
            return hit.text
        with self._snapshot() as snapshot:
            for number in snapshot.find_notes(hit.note_id):
                passages = [stored.passage for stored in snapshot.passages_of_note(number)]
                at = next((n for n, p in enumerate(passages) if p.id == hit.passage_id), None)
                if at is not None:
                    near = passages[max(at - around, 0) : at + around + 1]
                    return "\n\n".join(passage.text for passage in near)
        return hit.text

    # ------------------------------------------------------------ held open

    def close(self) -> None:
        """Close the files; searches at work finish first, and a new one is an error."""
        with self._turn:
            self._is_closed = True
            self._turn.wait_for(lambda: not self._at_work)
        if self._searcher.is_loaded:
            self._searcher.get().close()
        if self._store.is_loaded:
            self._store.get().close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _require_open(self) -> None:
        if self._is_closed:
            raise UsageError("this index has been closed; open it again")

    @contextmanager
    def _snapshot(self) -> Iterator[Snapshot]:
        """Yield one generation of the index, which answers one question from its first look on."""
        with self._turn:
            self._require_open()
            self._at_work += 1
        try:
            with self._store.get().snapshot() as snapshot:
                yield snapshot
        finally:
            with self._turn:
                self._at_work -= 1
                self._turn.notify_all()

    def _plan(self, source: CorpusSource, reading: str, corpus: Path | None = None) -> UpdatePlan:
        from notesearch.index.update import UpdatePlan

        return UpdatePlan(
            source=source,
            # An update asks questions of its own, and nobody needs to know that one is cut.
            embedder=Lazy(lambda: silenced(self._models.embedder.get())),
            embedder_fingerprint=self._models.fingerprint.get(),
            reading=reading,
            probes=UNRELATED,
            corpus=corpus,
        )


def _default_corpus() -> Path:
    """Return ./corpus; CorpusError where a link in its place leads out of the working folder.

    Such a link may have come with somebody else's files: who means it names where it leads.
    """
    if not DEFAULT_CORPUS.resolve().is_relative_to(Path.cwd().resolve()):
        raise CorpusError(
            f"{DEFAULT_CORPUS} is a link out of this folder; if these are your notes, "
            f"run: notesearch index {shlex.quote(str(DEFAULT_CORPUS.resolve()))}"
        )
    return DEFAULT_CORPUS


def _default_index(folder: Path) -> Path:
    """Return ./index; UnusableIndexError where a link in its place leads out of this folder."""
    if not folder.resolve().is_relative_to(Path.cwd().resolve()):
        raise UnusableIndexError(
            f"{folder} is a link out of this folder; if it leads to an index of yours, "
            f"name that: --index {shlex.quote(str(folder.resolve()))}"
        )
    return folder


def _require_counts(k: object, per_note: object) -> None:
    require_count("k", k)
    if per_note is not None:
        require_count("per_note", per_note)


def _as_notes_say(text: str) -> str:
    """Return a question with plain signs, and formulas in words, as the notes are searched."""
    is_plain = all(char.isascii() or char.isalpha() for char in text)
    if is_plain and is_normalized("NFKC", text) and not ("\\" in text or "$" in text):
        return text
    from notesearch.corpus.search_text.plain_words import to_words  # 15 ms

    return " ".join(to_words(text).split()) or text


def _filter(where: object) -> Filter | None:
    """Read a filter that may be given as a query line writes it."""
    if where is None or isinstance(where, Filter):
        return where
    require_text("where", where)
    return parse_filter(str(where))


def _checked_filter(snapshot: Snapshot, where: object) -> Filter | None:
    """Read a filter, and refuse one that cannot be asked."""
    only = _filter(where)
    _check_filter(snapshot, only)
    return only


def _check_filter(snapshot: Snapshot, where: Filter | None, query: Query | None = None) -> None:
    """Raise UsageError for what is no sound filter, and for a tag that no note has.

    With the `query` that it stands in, the error points at the tag.
    """
    if where is None:
        return
    require_sound(where)
    asked = [leaf.name for leaf in leaves(where) if isinstance(leaf, Tag)]
    # Counting all tags takes long where there are many notes: only an error needs it.
    if not all(snapshot.has_tag(name) for name in asked):
        require_known_tags(
            where,
            {tag.normal: tag.notes for tag in snapshot.tags()},
            line=query.line if query else "",
            places=query.places if query else (),
        )
