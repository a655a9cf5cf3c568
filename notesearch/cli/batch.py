"""Answer many questions of a file, one a line: what `notesearch query --batch` does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from typer import Exit

from notesearch.cli.app import require_regular
from notesearch.cli.output import ExitCode, show_message, write
from notesearch.errors import UsageError
from notesearch.render.terminal import to_json
from notesearch.search.answer import Answer

_LONGEST_LINE = 1_000_000  # characters; a longer line is no question


@contextmanager
def open_lines(batch: Path) -> Iterator[Iterator[str]]:
    """Yield the queries of a file, one a line; `-` stands for stdin."""
    if str(batch) == "-":
        stdin: TextIO | None = sys.stdin
        if stdin is None:
            raise UsageError("stdin is closed; give --batch a file, or a pipe")
        if isinstance(stdin, TextIOWrapper):
            stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
        yield _read_lines(stdin, batch)
        return
    require_regular(batch, "read a pipe through stdin, with --batch -")
    try:
        file = batch.open(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise UsageError(f"{batch} cannot be read: {error.strerror}; name a file") from error
    with file:
        yield _read_lines(file, batch)


def _read_lines(file: TextIO, name: Path) -> Iterator[str]:
    try:
        while text := file.readline(_LONGEST_LINE):
            if len(text) == _LONGEST_LINE and not text.endswith("\n"):
                raise UsageError(
                    f"{name} has a line of {_LONGEST_LINE:,} characters or more; "
                    "write a query a line"
                )
            yield text.rstrip("\n")
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}; name a file") from error


def answer_lines(lines: Iterator[str], ask: Callable[[str], Answer]) -> None:
    """Answer each line with a JSON object a line, a wrong or empty one with its error.

    Exit, with the code of a wrong query, where a line was not answered.
    """
    asked = wrong = 0
    for line in lines:
        asked += 1
        found: dict[str, object] = {"query": line, "error": None, "weak": True}
        found |= {"corrections": {}, "hits": []}
        try:
            _require_question(line)
            answer = ask(line)
            found |= {"weak": answer.weak, "hits": answer.hits}
            found["corrections"] = {one.typed: one.taken for one in answer.corrections}
        except UsageError as error:
            wrong += 1
            found["error"] = error.for_shell
        write(to_json(found))
    if wrong:
        lines_of = "line" if asked == 1 else "lines"
        show_message(f"{wrong:,} of {asked:,} {lines_of} not answered; see the error of each")
        raise Exit(ExitCode.USAGE)


def _require_question(line: str) -> None:
    """Raise UsageError for a line that asks nothing, or is no text."""
    if not line.strip():
        raise UsageError("the line is empty; write a query a line")
    try:
        line.encode()
    except UnicodeEncodeError as error:
        raise UsageError("the line is not UTF-8; save the file as UTF-8") from error
