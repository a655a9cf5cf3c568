"""How a command ends: one table, shown in `--help` and in the README."""

from __future__ import annotations

from enum import IntEnum

from notesearch.errors import (
    CorpusError,
    LockedError,
    MismatchError,
    ModelError,
    NotesearchError,
    SettingsError,
    UnusableIndexError,
    UsageError,
)


class ExitCode(IntEnum):
    """The number a command ends with."""

    OK = 0
    NOTHING_RELEVANT = 1
    USAGE = 2
    INDEX = 3
    MODEL = 4
    SKIPPED_FILES = 5
    BUG = 70  # EX_SOFTWARE of sysexits.h
    OUTPUT = 74  # EX_IOERR
    INTERRUPTED = 130


MEANING = {
    ExitCode.OK: "done; a query: hits were found",
    ExitCode.NOTHING_RELEVANT: "a query: nothing relevant was found",
    ExitCode.USAGE: "the command line, the query, the settings or the corpus folder is wrong",
    ExitCode.INDEX: "the index is missing, damaged or locked by another process",
    ExitCode.MODEL: "the model is missing, or another one than the index was built with",
    ExitCode.SKIPPED_FILES: "done, but some files could not be read; they are listed",
    ExitCode.BUG: "a bug of notesearch; --debug shows more of it",
    ExitCode.OUTPUT: "the results could not be written: stdout is closed, or its disk is full",
    ExitCode.INTERRUPTED: "interrupted with Ctrl-C",
}

_OF_ERROR: tuple[tuple[type[NotesearchError], ExitCode], ...] = (
    (UsageError, ExitCode.USAGE),
    (SettingsError, ExitCode.USAGE),
    (CorpusError, ExitCode.USAGE),
    (UnusableIndexError, ExitCode.INDEX),
    (LockedError, ExitCode.INDEX),
    (ModelError, ExitCode.MODEL),
    (MismatchError, ExitCode.MODEL),
)


def exit_code_of(error: NotesearchError) -> ExitCode:
    """Give the exit code for an error."""
    return next((code for kind, code in _OF_ERROR if isinstance(error, kind)), ExitCode.USAGE)
