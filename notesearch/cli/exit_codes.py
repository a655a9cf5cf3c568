"""How every command ends: an exit code, and for an error one line on stderr."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol, cast

import typer

from notesearch.cli.output import UnwritableError, tell
from notesearch.cli.updating import Interrupted
from notesearch.errors import NotesearchError, UsageError
from notesearch.exit_codes import ExitCode, exit_code_of
from notesearch.render.terminal import escaped, printable_lines

DEBUG = "NOTESEARCH_DEBUG"  # set by --debug too; empty is unset

# What typer raises for a wrong command line: UsageError, which not every version of it exports.
_WRONG_COMMAND_LINE = cast("type[Exception]", typer.BadParameter.__mro__[1])
# A query line is quoted in lines of its own, with carets below what is wrong in it.
_WITH_CARETS = re.compile(r"[^\n]+\n    [^\n]*\n +\^+")
# An error quotes what it was given, which may be a path or a word of any length.
_MOST_SHOWN = 2000
_LONG_WORD = re.compile(r"(\S{150})\S{51,}(\S{100})")


class _WrongCommandLine(Protocol):
    ctx: typer.Context | None

    def format_message(self) -> str: ...

    def show(self) -> None: ...


def run_to_its_end(command: Callable[[], object]) -> int:
    """Run a command and give its exit code; whatever it raises is said in one line."""
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
    except BaseException as error:  # noqa: BLE001 - libraries in Rust raise what is no Exception
        return _end_with(error)
    if code == ExitCode.INTERRUPTED:
        tell("notesearch: interrupted")
    return _number(code)


def _number(code: object) -> int:
    return code if isinstance(code, int) else int(code is not None)


def is_debugging() -> bool:
    """Tell whether errors are to show their tracebacks."""
    return bool(os.environ.get(DEBUG))


def _end_with(error: BaseException) -> int:
    """Say what ended a command, and give the exit code for it."""
    if is_debugging():
        import traceback

        tell("".join(traceback.format_exception(error)).rstrip("\n"))
    if isinstance(error, NotesearchError):
        tell(f"notesearch: {_one_error(str(error))}")
        return exit_code_of(error)
    if isinstance(error, _WRONG_COMMAND_LINE):
        _explain(cast("_WrongCommandLine", error))
        return ExitCode.USAGE
    if isinstance(error, OSError) and _is_of_typer(error):  # which writes `--help` by itself
        error = UnwritableError.of(error)
    if isinstance(error, UnwritableError):
        tell(f"notesearch: {escaped(str(error))}")
        return ExitCode.OUTPUT
    if isinstance(error, KeyboardInterrupt | Interrupted):
        tell(f"notesearch: {escaped(str(error)) or 'interrupted'}")
        return ExitCode.INTERRUPTED
    first = next(iter(str(error).splitlines()), "")
    found = f"{type(error).__name__}{f': {first}' if first else ''}"
    tell(
        f"notesearch: this is a bug: {escaped(found[:_MOST_SHOWN])}; "
        "run again with --debug for the traceback"
    )
    return ExitCode.BUG


def _is_of_typer(error: BaseException) -> bool:
    """Tell whether typer, or click below it, is where an error was raised."""
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
    """Say what is wrong with the command line; without any command, show the help."""
    if not sys.argv[1:]:
        with suppress(OSError):  # a full disk behind stderr
            error.show()
        return
    message = " ".join(error.format_message().split()).rstrip(".")
    command = error.ctx.command_path if error.ctx is not None else "notesearch"
    tell(f"notesearch: {_one_error(message)}; see: {command} --help")


# ---------------------------------------------------------------- what no command can use


def _require_text(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Raise UsageError for an argument or variable of ours that is no text.

    Neither the index nor a model can take it, and no note has a name like it: the walk leaves
    such files out.
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
