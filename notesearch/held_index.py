"""Hold an index open: its settings, its models and its files, for many threads, until it closes."""

from __future__ import annotations

import os
import shlex
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from notesearch.arguments import require_embedder, require_reranker
from notesearch.chosen_models import ChosenModels
from notesearch.corpus.folder import DEFAULT_CORPUS
from notesearch.embedding import Embedder, Reranker
from notesearch.engine_address import (
    EngineAddress,
    engine_of_folder,
    folder_of_engine,
    is_engine_address,
    read_engine_address,
)
from notesearch.errors import (
    LockedError,
    Remedy,
    UnusableIndexError,
    UsageError,
    say_nothing,
    warn_in_python,
)
from notesearch.index.catalog import no_index_yet
from notesearch.index.index_layout import IndexLayout, require_safe_folder
from notesearch.index.snapshot import Snapshot
from notesearch.index.store import Store
from notesearch.lazy import Lazy
from notesearch.search.searcher import Searcher
from notesearch.settings import DEFAULT_INDEX, Settings

if TYPE_CHECKING:
    from notesearch.index.joined_snapshot import CountedSnapshot
    from notesearch.index.linked_notes import LinkWeb
    from notesearch.index.qdrant.engine_store import EngineStore
    from notesearch.note_map.kept_map import KeptMap

# Questions asked in threads: each keeps a processor busy for some 20 ms, and the model several.
_MOST_AT_ONCE = 4

T = TypeVar("T")
Opened = TypeVar("Opened", bound="HeldIndex")


class HeldIndex:
    """An index on disk that is opened, shared by threads, and closed."""

    def __init__(
        self,
        index_dir: Path,
        settings: Settings,
        models: ChosenModels,
        *,
        warn: Callable[[str], None] = warn_in_python,
        debug: bool = False,
    ) -> None:
        """Use `Index.open`."""
        self.index_dir = index_dir
        self._settings = settings
        self._models = models
        self._warn = warn
        self._debug = debug
        self._engine = engine_of_folder(index_dir)  # that the folder stands for
        self._store = Lazy(self._open_store)
        self._has_own_models = True  # False where an index that stays open has lent them
        self._searcher = Lazy(lambda: Searcher(models.embedder))
        self._threads = Lazy(lambda: ThreadPoolExecutor(_MOST_AT_ONCE, "notesearch-question"))
        self._kept_map = Lazy(self._open_map)
        self._kept_links: tuple[str, LinkWeb] | None = None  # with the stamp of the contents
        self._turn = threading.Condition()
        self._at_work = 0  # questions being answered
        self._is_closed = False
        self._process = os.getpid()

    @classmethod
    def open(
        cls: type[Opened],
        path: str | Path | None = None,
        embedder: Embedder | None = None,
        *,
        create: bool = False,
        reranker: Reranker | None = None,
        settings: Settings | None = None,
        warn: Callable[[str], None] = warn_in_python,
        announce: Callable[[str], None] = say_nothing,
        debug: bool = False,
    ) -> Opened:
        """Open the index in a folder, or at the address of an engine, or the one the settings name.

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
        if isinstance(path, str) and is_engine_address(path):
            index_dir = folder_of_engine(read_engine_address(path))
        elif path is not None:
            index_dir = Path(path)
        elif settings.index == settings.root / DEFAULT_INDEX:
            index_dir = _default_index(settings.root)
        else:
            index_dir = settings.index
        models = ChosenModels(
            settings,
            embedder=embedder,
            reranker=reranker,
            find_made_with=lambda: _find_made_with(index_dir),
            warn=warn,
            announce=announce,
        )
        require_safe_folder(index_dir)
        layout = IndexLayout(index_dir)
        if engine := engine_of_folder(index_dir):
            if not create:
                require_engine_index(engine)
        elif not create and not layout.catalog.exists():
            beside = settings.root / DEFAULT_CORPUS
            there = beside if beside.is_dir() else None
            raise no_index_yet(layout, settings.corpus or there)
        return cls(index_dir, settings, models, warn=warn, debug=debug)

    def close(self) -> None:
        """Close the files; searches at work finish first, and a new one is an error."""
        if self._is_of_another_process:
            return
        with self._turn:
            self._is_closed = True
            self._turn.wait_for(lambda: not self._at_work)
        if self._threads.is_loaded:
            self._threads.get().shutdown()  # what still waits there finds the index closed
        # Before the searcher waits for its threads: a question that was given up may be among them.
        if self._has_own_models:
            self._models.close()
        if self._searcher.is_loaded:
            self._searcher.get().close()
        if self._store.is_loaded:
            self._store.get().close()

    def __enter__(self: Opened) -> Opened:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def _is_of_another_process(self) -> bool:
        """Whether this process was forked from the one that opened the index.

        Its threads are not here, and a question would wait for them without end.
        """
        return os.getpid() != self._process

    def _require_open(self) -> None:
        if self._is_of_another_process:
            raise UsageError(
                "this index was opened in the process that this one was forked from; open it again"
            )
        if self._is_closed:
            raise UsageError("this index has been closed; open it again")

    def _in_a_thread(self, ask: Callable[[], T]) -> Future[T]:
        """Ask in a thread as soon as one is free."""
        self._require_open()
        with self._turn:
            self._require_open()
            return self._threads.get().submit(ask)

    @contextmanager
    def _snapshot(self) -> Iterator[Snapshot]:
        """Yield one generation of the index, which answers one question from its first look on."""
        self._require_open()  # a lock may never be free in a process that was forked
        with self._turn:
            self._require_open()
            self._at_work += 1
        try:
            with self._generation() as snapshot:
                yield snapshot
        finally:
            with self._turn:
                self._at_work -= 1
                self._turn.notify_all()

    def _open_store(self) -> Store | EngineStore:
        return Store(self.index_dir) if self._engine is None else _engine_store(self._engine)

    def _open_map(self) -> KeptMap:
        from notesearch.note_map.kept_map import KeptMap  # no question needs it

        return KeptMap(IndexLayout(self.index_dir))

    def _folder_store(self) -> Store:
        """Return what hands out snapshots of an index on disk."""
        store = self._store.get()
        assert isinstance(store, Store)
        return store

    def _generation(self) -> AbstractContextManager[Snapshot]:
        return self._counted_generation()

    def _counted_generation(self) -> AbstractContextManager[CountedSnapshot]:
        """Hand out a generation that can be asked together with those of other indexes."""
        return self._store.get().snapshot()


def open_store(index_dir: Path) -> Store | EngineStore:
    """Return what hands out snapshots of an index."""
    engine = engine_of_folder(index_dir)
    if engine is None:
        return Store(index_dir)
    return _engine_store(engine)


def _engine_store(address: EngineAddress) -> EngineStore:
    """Connect to an engine; UsageError where what talks to it is not installed."""
    try:
        from notesearch.index.qdrant.engine_store import EngineStore
    except ImportError as error:
        raise UsageError(
            f"{address.text} needs qdrant-client, which is not installed; install the extra "
            "qdrant, as README.md says"
        ) from error
    return EngineStore(address)


def require_engine_index(address: EngineAddress) -> None:
    """Raise UnusableIndexError where an engine does not answer, or holds no such index."""
    with closing(_engine_store(address)) as store:
        store.read_state()


def _find_made_with(index_dir: Path) -> str | None:
    """Return the model that the vectors of an index are of; None where there are none."""
    try:
        with closing(open_store(index_dir)) as store:
            return store.read_state().embedder
    except (UnusableIndexError, LockedError):  # none yet, or the first one is being made
        return None


def leads_out(folder: Path, root: Path) -> str | None:
    """Return where a folder really is, if a link takes it out of the root; else None."""
    real = folder.resolve()
    return None if real.is_relative_to(root.resolve()) else str(real)


def _default_index(root: Path) -> Path:
    """Return the index beside the settings; UnusableIndexError where a link there leads out."""
    folder = root / DEFAULT_INDEX
    if real := leads_out(folder, root):
        raise UnusableIndexError(
            f"{folder} is a link out of this folder",
            Remedy(f"Index.open({real!r})", f"--index {shlex.quote(real)}").after(
                "if it leads to an index of yours, name that:"
            ),
        )
    return folder
