"""The commands: each parses its options, calls one library function and renders the result.

Results go to stdout, everything else to stderr. Errors become one line and an exit code in
`main`, and nowhere else. What a command needs is imported when it runs, so that `--help` and a
cold query wait for nothing.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper

from notesearch.cli import evaluating, indexing, listing, parsing, query
from notesearch.cli.app import app
from notesearch.cli.output import tell
from notesearch.errors import NotesearchError
from notesearch.exit_codes import ExitCode, exit_code_of

__all__ = ["app", "evaluating", "indexing", "listing", "main", "parsing", "query"]


def main() -> None:
    """Run the command line: the entry point of the `notesearch` script."""
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
