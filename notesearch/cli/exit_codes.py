"""End every command with an exit code, and every error with one line on stderr."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import IntEnum
from typing import Protocol, cast

import typer

from notesearch.cli.output import UnwritableError, show_message
from notesearch.errors import (
    LockedError,
    MismatchError,
    ModelError,
    NotesearchError,
    UnusableIndexError,
    UsageError,
)
from notesearch.render.terminal import escaped, printable_lines

DEBUG = "NOTESEARCH_DEBUG"  # set by --debug too; empty is unset

# What typer raises for a wrong command line: UsageError, which not every version of it exports.
_WRONG_COMMAND_LINE = cast("type[Exception]", typer.BadParameter.__mro__[1])
# A query line is quoted in lines of its own, with carets below the mistake.
_WITH_CARETS = re.compile(r"[^\n]+\n    [^\n]*\n +\^+")
# An error quotes its input, which may be a path or a word of any length.
_MOST_SHOWN = 2000
_LONG_WORD = re.compile(r"(\S{150})\S{51,}(\S{100})")


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


# Shown in `--help` and in the README.
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


class Interrupted(Exception):  # noqa: N818 - what a person did is no error
    """Ctrl-C in an update; its text says what is kept and how to go on."""


class _WrongCommandLine(Protocol):
    ctx: typer.Context | None

    def format_message(self) -> str: ...

    def show(self) -> None: ...


def is_debugging() -> bool:
    """Return whether errors are to show their tracebacks."""
    return bool(os.environ.get(DEBUG))


def run_to_its_end(command: Callable[[], object]) -> int:
    """Run a command and return its exit code; whatever it raises is shown in one line."""
    try:
        _require_text(sys.argv[1:], os.environ)
        _require_working_folder()
        code = command()
    except SystemExit as end:
        # typer ends so, with 1, when the pipe behind `--help` is closed.
        if isinstance(end.__context__, BrokenPipeError):
            return ExitCode.OK
        # And where `_NOTESEARCH_COMPLETE` holds what it does not know: 1 is a query's alone.
        return ExitCode.USAGE if end.code == 1 else _number(end.code)
    except BaseException as error:  # noqa: BLE001 - libraries in Rust raise errors that are no Exception
        return _end_with(error)
    if code == ExitCode.INTERRUPTED:
        show_message("notesearch: interrupted")
    return _number(code)


def _number(code: object) -> int:
    return code if isinstance(code, int) else int(code is not None)


def _end_with(error: BaseException) -> int:
    """Show what ended a command, and return the exit code for it."""
    if is_debugging():
        import traceback

        show_message("".join(traceback.format_exception(error)).rstrip("\n"))
    if isinstance(error, NotesearchError):
        show_message(f"notesearch: {_one_error(str(error))}")
        return _code_of(error)
    if isinstance(error, _WRONG_COMMAND_LINE):
        _explain(cast("_WrongCommandLine", error))
        return ExitCode.USAGE
    if isinstance(error, OSError) and _is_of_typer(error):  # which writes `--help` by itself
        error = UnwritableError.of(error)
    if isinstance(error, UnwritableError):
        show_message(f"notesearch: {escaped(str(error))}")
        return ExitCode.OUTPUT
    if isinstance(error, KeyboardInterrupt | Interrupted):
        show_message(f"notesearch: {escaped(str(error)) or 'interrupted'}")
        return ExitCode.INTERRUPTED
    first = next(iter(str(error).splitlines()), "")
    found = f"{type(error).__name__}{f': {first}' if first else ''}"
    show_message(
        f"notesearch: this is a bug: {escaped(found[:_MOST_SHOWN])}; "
        "run again with --debug for the traceback"
    )
    return ExitCode.BUG


def _code_of(error: NotesearchError) -> ExitCode:
    if isinstance(error, UnusableIndexError | LockedError):
        return ExitCode.INDEX
    return ExitCode.MODEL if isinstance(error, ModelError | MismatchError) else ExitCode.USAGE


def _is_of_typer(error: BaseException) -> bool:
    """Return whether typer, or click below it, is where an error was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals.get("__name__", "") if trace is not None else ""
    return str(module).partition(".")[0] in ("typer", "click")


def _one_error(text: str) -> str:
    """Write an error on one line, or with the query line and its carets on two more."""
    if _WITH_CARETS.fullmatch(text):
        return printable_lines(text)
    shown = _LONG_WORD.sub(r"\1…\2", escaped(text))
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"


def _explain(error: _WrongCommandLine) -> None:
    """Show what is wrong with the command line; without any command, show the help."""
    if not sys.argv[1:]:
        with suppress(OSError):  # a full disk behind stderr
            error.show()
        return
    message = " ".join(error.format_message().split()).rstrip(".")
    command = error.ctx.command_path if error.ctx is not None else "notesearch"
    show_message(f"notesearch: {_one_error(message)}; see: {command} --help")


# ---------------------------------------------------------------- input that no command can use


def _require_text(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Raise UsageError for an argument or variable of ours that is no text.

    Neither the index nor a model can take it, and no note has a name like it: such files are
    left out of a corpus.
    """
    given = {f"argument {number}": text for number, text in enumerate(arguments, start=1)}
    given |= {name: text for name, text in environment.items() if name.startswith("NOTESEARCH_")}
    for place, text in given.items():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise UsageError(
                f"{place}, {text[:80]}, is not UTF-8; write it in UTF-8, or rename the file"
            ) from error


def _require_working_folder() -> None:
    try:
        os.getcwd()  # noqa: PTH109 - asked, not used
    except OSError as error:
        raise UsageError(
            f"the working folder is gone ({error.strerror}); change to one that is there"
        ) from error
