"""The commands: each parses its options, calls one library function and renders the result.

Results go to stdout, everything else to stderr. Errors become one line and an exit code in
`output.py`, and nowhere else. The imports of a command stand inside it, so that `--help` and a
cold query wait for none that they do not need.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from typing import TYPE_CHECKING

from notesearch.cli.app import MODULES, app
from notesearch.cli.completion import join_split_words
from notesearch.cli.output import ExitCode, run_to_its_end

if TYPE_CHECKING:
    from typer import Typer


def run() -> None:
    """Run the command line and leave at once: the entry point of the `notesearch` script.

    Ending faiss and onnxruntime in order costs 0.06 s, and nothing is left to be done.
    """
    try:
        _fill_standard_streams()
        code = _run_to_its_end()
    except KeyboardInterrupt:  # once more, while the first was answered
        code = ExitCode.INTERRUPTED
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, AttributeError):  # a closed one is None
            stream.flush()
    os._exit(code)


def main() -> None:
    """Run the command line, to its SystemExit."""
    raise SystemExit(_run_to_its_end())


def load_commands(name: str = "") -> Typer:
    """Return the application with all commands, or with those of one command's module alone.

    To import and to make all of them takes 0.03 s, of the 0.3 s of a question.
    """
    modules = [MODULES[name]] if name in MODULES else dict.fromkeys(MODULES.values())
    for module in modules:
        import_module(f"notesearch.cli.{module}")
    return app


def _run_to_its_end() -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # notes hold signs that a terminal may not know
            stream.reconfigure(errors="backslashreplace")
    join_split_words()
    named = next((word for word in sys.argv[1:] if word != "--debug"), "")
    return run_to_its_end(
        lambda: load_commands(named)(prog_name="notesearch", standalone_mode=False)
    )


def _fill_standard_streams() -> None:
    """Open what was closed before the start, to nowhere.

    Or the next file that is opened, perhaps one of the index, has the number that C libraries
    write their messages to.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
