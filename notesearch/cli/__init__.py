"""The commands: each parses its options, calls one library function and renders the result.

Results go to stdout, everything else to stderr. Errors become one line and an exit code in
`main`, and nowhere else. What a command needs is imported when it runs, so that `--help` and a
cold query wait for nothing.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import TextIOWrapper

from notesearch.cli import evaluating, indexing, listing, parsing, query
from notesearch.cli.app import app
from notesearch.cli.output import tell
from notesearch.errors import NotesearchError
from notesearch.exit_codes import ExitCode, exit_code_of

__all__ = ["app", "evaluating", "indexing", "listing", "main", "parsing", "query", "run"]


def run() -> None:
    """Run the command line and leave at once: the entry point of the `notesearch` script.

    Taking faiss and onnxruntime down in order costs 0.06 s, and nothing is left to be done.
    """
    code: object = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    with suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def main() -> None:
    """Run the command line, to its SystemExit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # notes hold signs that a terminal may not know
            stream.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="notesearch")
    except NotesearchError as error:
        tell(f"notesearch: {error}")
        raise SystemExit(exit_code_of(error)) from error
    except SystemExit as end:
        if end.code == ExitCode.INTERRUPTED:
            tell("notesearch: interrupted; the index is whole")
        raise
