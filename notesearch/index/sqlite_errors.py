"""Turn errors of SQLite into those of an index, with what helps."""

from __future__ import annotations

from pathlib import Path

import apsw

from notesearch.errors import NotesearchError, Remedy
from notesearch.index.index_layout import ANOTHER_FOLDER, IndexLayout, damaged, unusable
from notesearch.index.page_sums import ForeignDatabaseError, OldFormatError, PageDamagedError

# Errors, what they mean here, and the remedy; that of a full disk is made for the index.
_MEANINGS: tuple[tuple[type[apsw.Error], str, Remedy | str], ...] = (
    (apsw.FullError, "the disk is full", ""),
    (
        apsw.ReadOnlyError,
        "cannot be written",
        ANOTHER_FOLDER.after("make the folder writable, or"),
    ),
    (apsw.CantOpenError, "cannot be opened", "check that the folder can be read and written"),
    (apsw.AuthError, "cannot be opened", "check the folder's permissions"),
    (apsw.PermissionsError, "cannot be opened", "check the folder's permissions"),
    (apsw.IOError, "the disk refused to read or write", "check the disk and its free space"),
    (apsw.BusyError, "is locked by another program", "close what has it open and try again"),
    (apsw.LockedError, "is locked by another program", "close what has it open and try again"),
)
# Bugs of ours, which keep their traceback.
_BUGS = (
    apsw.BindingsError,
    apsw.ConnectionClosedError,
    apsw.ConstraintError,
    apsw.MisuseError,
    apsw.ThreadingViolationError,
)


def meaning_of(error: apsw.Error | UnicodeDecodeError, path: Path) -> NotesearchError:
    """Turn an error of SQLite into place, finding and remedy; a bug of ours is raised as it is."""
    words = str(error)
    layout = IndexLayout(path.parent)
    if isinstance(error, _BUGS):
        raise error
    if isinstance(error, PageDamagedError | OldFormatError):
        return damaged(path, words, layout.rebuild)
    if isinstance(error, ForeignDatabaseError):
        return unusable(path, words, ANOTHER_FOLDER)
    for kind, finding, remedy in _MEANINGS:
        if isinstance(error, kind):
            return unusable(path, finding, remedy or layout.update().after("free some space and"))
    if isinstance(error, apsw.NotADBError):
        return damaged(path, "is damaged, or no SQLite file", layout.rebuild)
    return damaged(path, f"is damaged ({words})", layout.rebuild)
