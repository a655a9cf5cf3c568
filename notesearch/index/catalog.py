"""Connect to catalog.sqlite: statements and transactions. Checksums are in `page_sums`."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import apsw

from notesearch.durable import create_private, sync_file, sync_folder
from notesearch.errors import LockedError, NotesearchError, UnusableIndexError
from notesearch.index.index_layout import (
    ANOTHER_FOLDER,
    DamagedIndexError,
    IndexLayout,
    damaged,
    disk_errors,
    require_safe_folder,
    unusable,
    with_logs,
)
from notesearch.index.page_sums import PAGE_BYTES, SUM_BYTES, VFS_NAME
from notesearch.index.schema import APPLICATION_ID, FORMAT_VERSION, TABLES
from notesearch.index.sqlite_errors import meaning_of
from notesearch.index.stems import Stemmer

Row = tuple[Any, ...]
Value = str | int | float | bytes | None

# How long to wait for the moments in which another process mends the log after a crash.
_BUSY_TIMEOUT_S = 5
# Pages that a reader keeps, which are compared with their checksums when they are read anew.
_CACHE_KIB = 32768


class Catalog:
    """A connection, in autocommit outside `transaction`; threads take turns."""

    def __init__(
        self, connection: apsw.Connection, path: Path, *, is_immutable: bool = False
    ) -> None:
        self._connection = connection
        self._turn = threading.RLock()
        self.path = path
        self.is_immutable = is_immutable  # it sees no change of the file, not even one half made
        self._stemmer: Stemmer | None = None

    @classmethod
    def for_reading(cls, layout: IndexLayout, *, checked: bool = True) -> Catalog:
        """Open an existing catalog; raise UnusableIndexError when it cannot serve.

        One that is not `checked` gives damaged pages as they are, and may be of an older format.
        """
        path = layout.catalog
        require_safe_folder(layout.index_dir)
        _require_file(layout)
        catalog = cls._connect(path, "mode=ro", checked=checked)
        try:
            catalog._prepare_reading(checked=checked)
        except NotesearchError:
            catalog.close()
            if not _is_at_rest(path):
                raise
            # A read-only folder: SQLite cannot put its shared memory beside the catalog, and
            # with no log there nothing can change under us.
            catalog = cls._connect(path, "immutable=1", checked=checked)
            try:
                catalog._prepare_reading(checked=checked)
            except NotesearchError:
                catalog.close()
                raise
        return catalog

    @classmethod
    def for_writing(cls, layout: IndexLayout, *, anew: bool = False) -> Catalog:
        """Open the catalog; where there is none, or `anew`, one that `install` puts in place."""
        if anew or _is_missing(layout.catalog):
            return cls._begin_anew(layout)
        catalog = cls._connect(layout.catalog, "mode=rw")
        try:
            catalog._require_format()
            # The transaction that names a generation must outlast a power cut, since the
            # generation before it is removed right after.
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0"):
                catalog.rows(f"PRAGMA {pragma}")
            catalog._speed_up_writing()
        except NotesearchError:
            catalog.close()
            raise
        return catalog

    @classmethod
    def _begin_anew(cls, layout: IndexLayout) -> Catalog:
        with disk_errors(layout):
            for path in with_logs(layout.new_catalog):
                path.unlink(missing_ok=True)
            create_private(layout.new_catalog)
        catalog = cls._connect(layout.new_catalog, "mode=rw")
        catalog._connection.reserve_bytes("main", SUM_BYTES)
        # Nobody reads it before it is whole, and a crash leaves it to be thrown away: no log
        # is needed, which would write everything twice.
        for pragma in (f"page_size = {PAGE_BYTES}", "journal_mode = OFF", "synchronous = OFF"):
            catalog.rows(f"PRAGMA {pragma}")
        catalog._speed_up_writing()
        return catalog

    def _speed_up_writing(self) -> None:
        for pragma in ("cache_size = -65536", "secure_delete = OFF", "temp_store = MEMORY"):
            self.rows(f"PRAGMA {pragma}")

    def is_installed(self, layout: IndexLayout) -> bool:
        """Return whether this is the catalog that readers look at."""
        return self.path == layout.catalog

    def install(self, layout: IndexLayout) -> None:
        """Put a new catalog, whole now, in the place of a damaged one, which is kept aside."""
        self.rows("PRAGMA journal_mode = WAL")
        self.close()
        with disk_errors(layout):
            sync_file(layout.new_catalog)
            if layout.catalog.exists():
                layout.catalog.replace(layout.damaged_catalog)
            for path in with_logs(layout.catalog):
                path.unlink(missing_ok=True)
            layout.new_catalog.replace(layout.catalog)
            sync_folder(layout.index_dir)
        installed = self._connect(layout.catalog, "mode=rw")
        self.path = layout.catalog
        self._connection = installed._connection
        self._stemmer = None

    def copy_to(self, layout: IndexLayout) -> None:
        """Put a copy of one whole state in another index folder, whatever a writer does."""
        with disk_errors(layout):
            for path in with_logs(layout.new_catalog):
                path.unlink(missing_ok=True)
            create_private(layout.new_catalog)
        # Not SQLite's backup: it copies free pages too, which have no checksum if they were never
        # written.
        self.rows("VACUUM INTO ?", (str(layout.new_catalog.resolve()),))
        with disk_errors(layout):
            layout.new_catalog.replace(layout.catalog)

    @classmethod
    def _connect(cls, path: Path, mode: str, *, checked: bool = True) -> Catalog:
        # Without links on the way to it, which apsw takes for an error.
        uri = f"{path.resolve().as_uri()}?{mode}"
        flags = apsw.SQLITE_OPEN_URI | (
            apsw.SQLITE_OPEN_READONLY if mode != "mode=rw" else apsw.SQLITE_OPEN_READWRITE
        )
        try:
            connection = apsw.Connection(uri, flags, vfs=VFS_NAME if checked else None)
        except apsw.Error as error:
            raise meaning_of(error, path) from error
        connection.set_busy_timeout(_BUSY_TIMEOUT_S * 1000)
        # The catalog may come from somebody else: what it brings along calls no dangerous function.
        connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        return cls(connection, path, is_immutable=mode == "immutable=1")

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        # The last one to close moves the log into the catalog. Where the disk has no room for
        # that the log stays, and SQLite goes on; apsw would raise it when all is closed.
        with self._turn, suppress(apsw.FullError, apsw.IOError):
            self._connection.close()

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Run one statement and hand back all its rows."""
        try:
            with self._turn:
                return self._connection.execute(sql, values).fetchall()
        except (apsw.Error, UnicodeDecodeError) as error:
            raise meaning_of(error, self.path) from error

    def batches(
        self, sql: str, values: Sequence[Value] = (), size: int = 4096
    ) -> Iterator[list[Row]]:
        """Run one statement and hand its rows out in lists of at most `size`."""
        try:
            with self._turn:
                cursor = self._connection.execute(sql, values)
            while True:
                with self._turn:
                    rows = list(islice(cursor, size))
                if not rows:
                    return
                yield rows
        except (apsw.Error, UnicodeDecodeError) as error:
            raise meaning_of(error, self.path) from error

    def insert(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement for each row."""
        try:
            with self._turn:
                self._connection.executemany(sql, rows)
        except apsw.Error as error:
            raise meaning_of(error, self.path) from error

    def stems_of(self, text: str) -> list[str]:
        """Return the stems of a text's words, in order."""
        stemmer = self._stemmer
        if stemmer is None:
            with self._turn:  # it is made by the connection, which another thread may be using
                stemmer = self._stemmer = self._stemmer or Stemmer(self._connection)
        return stemmer.stems_of(text)

    def number(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Return the one integer that the statement asks for; NULL counts as 0."""
        found = self.rows(sql, values)[0][0] or 0
        if not isinstance(found, int):
            raise self.damaged("no number, where one belongs")
        return found

    def damaged(self, finding: object) -> DamagedIndexError:
        """Return the error for what no index says, which a rebuild mends."""
        return damaged(self.path, f"is damaged ({finding})", IndexLayout(self.path.parent).rebuild)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block wrote, or nothing of it."""
        self.rows("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._roll_back()
            raise
        try:
            self.rows("COMMIT")
        except NotesearchError:
            self._roll_back()
            raise

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """Read one state of the catalog throughout the block, whatever a writer does."""
        self.rows("BEGIN")
        try:
            yield
        finally:
            self._roll_back()

    def _roll_back(self) -> None:
        # SQLite ends the transaction by itself on a full disk and the like.
        if self._connection.in_transaction:
            self.rows("ROLLBACK")

    def create_tables(self) -> None:
        """Make an empty catalog ours; within the transaction that first fills it."""
        for statement in TABLES:
            self.rows(statement)
        self.rows(f"PRAGMA application_id = {APPLICATION_ID}")
        self.rows(f"PRAGMA user_version = {FORMAT_VERSION}")

    def is_empty(self) -> bool:
        """Return whether the file holds no table at all: a first update did not get through."""
        return not self.rows("SELECT 1 FROM sqlite_master LIMIT 1")

    def settle(self) -> bool:
        """Move the log into the catalog's file; False when it stays, which is as well.

        A reader may still need it, or the disk have no room for the change in both places.
        """
        # A query takes milliseconds; who reads for longer is not waited for.
        self.rows("PRAGMA busy_timeout = 250")
        try:
            return self.number("PRAGMA wal_checkpoint(TRUNCATE)") == 0
        except UnusableIndexError:
            return False
        finally:
            self.rows(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_S * 1000}")

    def read_meta(self) -> dict[str, str]:
        """Return the table `meta`, by key."""
        return dict(self.rows("SELECT key, value FROM meta"))

    def write_meta(self, values: dict[str, str]) -> None:
        """Set some keys of the table `meta`."""
        self.insert("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", values.items())

    def _prepare_reading(self, *, checked: bool) -> None:
        if checked:
            self._require_format()
        for pragma in ("temp_store = MEMORY", f"cache_size = -{_CACHE_KIB}"):
            self.rows(f"PRAGMA {pragma}")

    def _require_format(self) -> None:
        if self.is_empty():
            raise no_index_yet(IndexLayout(self.path.parent))
        if self.number("PRAGMA application_id") != APPLICATION_ID:
            raise unusable(self.path, "is the database of another program", ANOTHER_FOLDER)
        version = self.number("PRAGMA user_version")
        if version > FORMAT_VERSION:
            raise unusable(
                self.path,
                f"has format {version}, and this notesearch knows up to {FORMAT_VERSION}",
                ANOTHER_FOLDER.after("use a newer notesearch, or"),
            )
        if version < FORMAT_VERSION:
            raise damaged(
                self.path, f"has the old format {version}", IndexLayout(self.path.parent).rebuild
            )


def no_index_yet(layout: IndexLayout, corpus: Path | None = None) -> NotesearchError:
    """Return the error for a folder without an index, or whose first index is being made.

    `corpus` is the folder that the remedy names.
    """
    from notesearch.index.lock import holder_of  # 7 ms for filelock, which a query has no need of

    if holder := holder_of(layout):
        return LockedError(
            f"{layout.index_dir} is being made by {holder}; wait for it to finish, then try again"
        )
    update = layout.update(corpus)
    remedy = replace(update, call=f"open it with create=True, then {update.call}")
    return unusable(layout.index_dir, "holds no index", remedy)


def _require_file(layout: IndexLayout) -> None:
    try:
        if not layout.catalog.is_file():
            raise no_index_yet(layout)
    except OSError as error:
        raise unusable(
            layout.catalog, f"cannot be read ({error.strerror})", "check the folder"
        ) from error


def _is_missing(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


def _is_at_rest(path: Path) -> bool:
    log = path.with_name(path.name + "-wal")
    try:
        return not log.exists() or log.stat().st_size == 0
    except OSError:
        return False
