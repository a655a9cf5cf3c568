"""The commands: each parses its options, calls one library function and renders the result.

Results go to stdout, everything else to stderr. Errors become one line and an exit code in
`output.py`, and nowhere else. The imports of a command stand inside it, so that `--help` and a
cold query wait for none that they do not need.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import TextIOWrapper

from notesearch.cli import (
    ask_command,
    cache_command,
    compare_command,
    eval_command,
    index_commands,
    init_command,
    links_command,
    mcp_command,
    move_command,
    news_commands,
    note_commands,
    paper_commands,
    query,
    quote_command,
    save_command,
    serve_command,
    suggest_command,
    trust_command,
    watch_command,
)
from notesearch.cli.app import app
from notesearch.cli.completion import join_split_words
from notesearch.cli.output import ExitCode, run_to_its_end

__all__ = [
    "app",
    "ask_command",
    "cache_command",
    "compare_command",
    "eval_command",
    "index_commands",
    "init_command",
    "links_command",
    "main",
    "mcp_command",
    "move_command",
    "news_commands",
    "note_commands",
    "paper_commands",
    "query",
    "quote_command",
    "run",
    "save_command",
    "serve_command",
    "suggest_command",
    "trust_command",
    "watch_command",
]


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


def _run_to_its_end() -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # notes hold signs that a terminal may not know
            stream.reconfigure(errors="backslashreplace")
    join_split_words()
    return run_to_its_end(lambda: app(prog_name="notesearch", standalone_mode=False))


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
