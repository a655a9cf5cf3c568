"""Write results to stdout and messages to stderr, and end every command with an exit code.

Whatever a note, a file name or an argument holds, nothing of it makes a terminal do anything:
control signs are taken out here once more. JSON and the texts of `render` pass unchanged. An error
becomes one line and an exit code here, and nowhere else.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import IntEnum
from typing import Any, TextIO

import typer

from notesearch.errors import (
    LockedError,
    MismatchError,
    ModelError,
    NotesearchError,
    UnusableIndexError,
    UsageError,
)
from notesearch.render.terminal import escaped, guarded, printable_lines, takes_marks

DEBUG = "NOTESEARCH_DEBUG"  # set by --debug too; empty is unset

# What typer raises for a wrong command line: UsageError, which not every version of it exports.
_WRONG_COMMAND_LINE = typer.BadParameter.__mro__[1]
# A query line is quoted in lines of its own, with carets below the mistake.
_WITH_CARETS = re.compile(r"[^\n]+\n    [^\n]*\n +\^+")
# An error quotes its input, which may be a path or a word of any length.
_MOST_SHOWN = 2000
# How typer writes what is wrong with a command line.
_QUOTED = re.compile(r"(?<!\w)'([^']*)'(?!\w)")
_INVALID_VALUE = re.compile(r"Invalid value for \[?([^:\]]+)\]?: ")
_WORDINGS = {
    re.compile(r" is not a valid int\Z"): " is no whole number",
    re.compile(r" is not a valid float\Z"): " is no number",
    re.compile(r"Got unexpected extra argument\S* \((.*)\)\Z"): r"\1 is one argument too many",
}
_POSSIBLE = re.compile(r"\.? \(?(?:Possible options: |Did you mean (?:one of: )?)(.+?)\??\)?\Z")
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


# Shown in `--help` and in docs/commands.md.
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


class UnwritableError(Exception):
    """Results that have nowhere to go: a full disk behind stdout, or no stdout at all."""

    @classmethod
    def of(cls, error: OSError) -> UnwritableError:
        """Describe in one line what is wrong with stdout."""
        return cls(
            f"stdout cannot be written: {error.strerror}; free some space, or send it elsewhere"
        )


def write(text: str, end: str = "\n") -> None:
    """Write results; when `| head` has closed the pipe, end without an error."""
    stdout: TextIO | None = sys.stdout
    if stdout is None:
        raise UnwritableError("stdout is closed; leave it open, or send it to a file")
    try:
        stdout.write((guarded(text) if takes_marks(stdout) else printable_lines(text)) + end)
        stdout.flush()
    except BrokenPipeError:
        _let_go(stdout)
        raise typer.Exit from None
    except OSError as error:
        _let_go(stdout)
        raise UnwritableError.of(error) from error


def show_message(text: str) -> None:
    """Write a message to stderr; where that is closed or full, it is lost."""
    stderr: TextIO | None = sys.stderr
    if stderr is None:
        return
    try:
        stderr.write(f"{printable_lines(text)}\n")
        stderr.flush()
    except OSError:
        _let_go(stderr)


def show_warning(text: str) -> None:
    """Write to stderr what a person should know, though it stops nothing."""
    show_message(f"notesearch: warning: {text}")


def _let_go(stream: TextIO) -> None:
    """Send the rest to nowhere: Python flushes once more at its end, and must not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


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
        show_message(f"notesearch: {_one_error(error.for_shell)}")
        return _code_of(error)
    if isinstance(error, _WRONG_COMMAND_LINE):
        _explain(error)
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
    from traceback import walk_tb

    *_, (frame, _) = walk_tb(error.__traceback__)
    return str(frame.f_globals.get("__name__")).startswith(("typer.", "click."))


def _one_error(text: str) -> str:
    """Write an error on one line, or with the query line and its carets on two more."""
    if _WITH_CARETS.fullmatch(text):
        return printable_lines(text)
    shown = _LONG_WORD.sub(r"\1…\2", escaped(text))
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}…"


def _explain(error: Any) -> None:  # noqa: ANN401 - a class that typer keeps to itself
    """Show what is wrong with the command line; without any command, show the help."""
    if not sys.argv[1:]:
        with suppress(OSError):  # a full disk behind stderr
            error.show()
        return
    message = _in_our_style(" ".join(error.format_message().split()).rstrip("."))
    # An option without its value does not say of which command it is.
    command = error.ctx.command_path if error.ctx is not None else f"notesearch {sys.argv[1]}"
    after = "" if message.endswith("?") else ";"
    show_message(f"notesearch: {_one_error(message)}{after} see: {command} --help")


def _in_our_style(message: str) -> str:
    """Write what typer finds as our own errors are written: place, finding, remedy.

    `Invalid value for '-k': 'two' is not …` becomes `-k: two is not …`.
    """
    message = _QUOTED.sub(r"\1", message)
    for typers, ours in _WORDINGS.items():
        message = typers.sub(ours, message)
    if place := _INVALID_VALUE.match(message):
        return f"{place[1]}: {message[place.end() :]}"
    message = _POSSIBLE.sub(lambda found: f"; did you mean {found[1]}?", message)
    return message[:1].lower() + message[1:]


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
