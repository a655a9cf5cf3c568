"""The one door to SQLite: a connection to catalog.sqlite, its transactions and its errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from notesearch.errors import NotesearchError, UnusableIndexError, UsageError
from notesearch.index.descriptors import SharedDescriptor
from notesearch.index.digest import digest_of_descriptor
from notesearch.index.layout import (
    IndexLayout,
    damaged,
    disk_errors,
    sync_file,
    sync_folder,
    unusable,
    with_logs,
)
from notesearch.index.schema import (
    APPLICATION_ID,
    FORMAT_VERSION,
    PAGE_BYTES,
    READING_TABLES,
    TABLES,
)

Row = tuple[Any, ...]
Value = str | int | float | bytes | None

# How long to wait for the moments in which another process mends the log after a crash.
_BUSY_TIMEOUT_S = 5

_REBUILD = "run: notesearch index --rebuild"

# What SQLite says, what it means here, and what mends it; the first match counts. Python 3.10
# gives no error code, so the words are all there is.
_MEANINGS = (
    ("disk is full", "the disk is full", "free some space and run: notesearch index"),
    ("readonly", "cannot be written", "make the folder writable, or choose another --index"),
    ("unable to open", "cannot be opened", "check that the folder can be read and written"),
    ("authorization denied", "cannot be opened", "check the folder's permissions"),
    ("permission", "cannot be opened", "check the folder's permissions"),
    ("disk I/O error", "the disk refused to read or write", "check the disk and its free space"),
    ("locked", "is locked by another program", "close what has it open and try again"),
)


class Catalog:
    """A connection; used by one thread at a time, and in autocommit outside `transaction`."""

    def __init__(
        self, connection: sqlite3.Connection, descriptor: SharedDescriptor, path: Path
    ) -> None:
        self._connection = connection
        self._descriptor = descriptor
        self.path = path

    @classmethod
    def for_reading(cls, layout: IndexLayout) -> Catalog:
        """Open an existing catalog; raise UnusableIndexError when it cannot serve."""
        path = layout.catalog
        _require_file(layout)
        catalog = cls._connect(path, "mode=ro")
        try:
            catalog._prepare_reading()
        except NotesearchError:
            catalog.close()
            if not _is_at_rest(path):
                raise
            # A read-only folder: SQLite cannot put its shared memory beside the catalog, and
            # with no log there nothing can change under us.
            catalog = cls._connect(path, "immutable=1")
            try:
                catalog._prepare_reading()
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
        catalog = cls._connect(layout.new_catalog, "mode=rwc")
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
        """Tell whether this is the catalog that readers look at."""
        return self.path == layout.catalog

    def install(self, layout: IndexLayout) -> None:
        """Put a new catalog, whole now, in the place of a damaged one, which is kept aside."""
        self.rows("PRAGMA journal_mode = WAL")
        self.close()
        with disk_errors(layout):
            sync_file(layout.new_catalog)
            layout.catalog_digest.unlink(missing_ok=True)
            if layout.catalog.exists():
                layout.catalog.replace(layout.damaged_catalog)
            for path in with_logs(layout.catalog):
                path.unlink(missing_ok=True)
            layout.new_catalog.replace(layout.catalog)
            sync_folder(layout.index_dir)
        installed = self._connect(layout.catalog, "mode=rw")
        self.path = layout.catalog
        self._connection, self._descriptor = installed._connection, installed._descriptor

    @classmethod
    def _connect(cls, path: Path, mode: str) -> Catalog:
        uri = f"{path.absolute().as_uri()}?{mode}"
        try:
            if mode == "mode=rwc":
                path.touch()
            descriptor = SharedDescriptor(path)
        except OSError as error:
            raise unusable(
                path, f"cannot be opened ({error.strerror})", "check the folder's permissions"
            ) from error
        try:
            connection = sqlite3.connect(
                uri,
                uri=True,
                isolation_level=None,
                timeout=_BUSY_TIMEOUT_S,
                check_same_thread=False,
            )
        except sqlite3.Error as error:
            descriptor.release()
            raise _meaning(error, path) from error
        return cls(connection, descriptor, path)

    def close(self) -> None:
        """Let go of the file; a second time does nothing."""
        self._connection.close()
        self._descriptor.release()

    def digest(self) -> str:
        """Take the digest of the catalog's file, which says nothing of what the log holds."""
        return digest_of_descriptor(self._descriptor.number)

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Run one statement and hand back all its rows."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise _meaning(error, self.path) from error

    def batches(
        self, sql: str, values: Sequence[Value] = (), size: int = 4096
    ) -> Iterator[list[Row]]:
        """Run one statement and hand its rows out in lists of at most `size`."""
        try:
            cursor = self._connection.execute(sql, values)
            while rows := cursor.fetchmany(size):
                yield rows
        except sqlite3.DatabaseError as error:
            raise _meaning(error, self.path) from error

    def insert(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement for each row."""
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.DatabaseError as error:
            raise _meaning(error, self.path) from error

    def number(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Give the one integer that the statement asks for; NULL counts as 0."""
        return int(self.rows(sql, values)[0][0] or 0)

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
        """Tell whether the file holds no table at all: a first update did not get through."""
        return not self.rows("SELECT 1 FROM sqlite_master LIMIT 1")

    def settle(self) -> bool:
        """Move the log into the catalog's file; False when a reader still needs the log."""
        # A query takes milliseconds; who reads for longer is not waited for.
        self.rows("PRAGMA busy_timeout = 250")
        try:
            return self.number("PRAGMA wal_checkpoint(TRUNCATE)") == 0
        finally:
            self.rows(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_S * 1000}")

    def read_meta(self) -> dict[str, str]:
        """Give what the index says of itself, by key."""
        return dict(self.rows("SELECT key, value FROM meta"))

    def write_meta(self, values: dict[str, str]) -> None:
        """Set some of what the index says of itself."""
        self.insert("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", values.items())

    def _prepare_reading(self) -> None:
        self._require_format()
        self.rows("PRAGMA temp_store = MEMORY")
        for statement in READING_TABLES:
            self.rows(statement)

    def _require_format(self) -> None:
        if self.is_empty():
            raise no_index_yet(self.path.parent)
        if self.number("PRAGMA application_id") != APPLICATION_ID:
            raise unusable(
                self.path, "is the database of another program", "choose another --index"
            )
        version = self.number("PRAGMA user_version")
        if version > FORMAT_VERSION:
            raise unusable(
                self.path,
                f"has format {version}, and this notesearch knows up to {FORMAT_VERSION}",
                "use a newer notesearch, or another --index",
            )
        if version < FORMAT_VERSION:
            raise damaged(self.path, f"has the old format {version}", _REBUILD)


def no_index_yet(index_dir: Path) -> UnusableIndexError:
    """Say that nothing has been indexed there."""
    return unusable(index_dir, "holds no index", "run: notesearch index")


def _require_file(layout: IndexLayout) -> None:
    try:
        if not layout.catalog.is_file():
            raise no_index_yet(layout.index_dir)
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


def _meaning(error: sqlite3.Error, path: Path) -> NotesearchError:
    """Turn what SQLite says into place, finding and remedy; a bug of ours stays what it is."""
    words = str(error)
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.IntegrityError):
        raise error
    if words.startswith("fts5: ") or "unterminated string" in words:
        return UsageError(f"the words to look for cannot be read ({words.removeprefix('fts5: ')})")
    for sign, finding, remedy in _MEANINGS:
        if sign in words:
            return unusable(path, finding, remedy)
    if "not a database" in words:
        return damaged(path, "is damaged, or no SQLite file", _REBUILD)
    return damaged(path, f"is damaged ({words})", _REBUILD)
