"""`--batch`: a query a line from a file or stdin, a JSON object a line out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from notesearch.cli.chosen_index import require_regular
from notesearch.cli.output import write
from notesearch.errors import UsageError

if TYPE_CHECKING:
    from notesearch.search.answer import Answer

_LONGEST_LINE = 1_000_000  # characters; a longer one is no question


@contextmanager
def open_lines(batch: Path) -> Iterator[Iterator[str]]:
    """Give the queries of a file, one a line; `-` stands for stdin."""
    if str(batch) == "-":
        stdin: TextIO | None = sys.stdin
        if stdin is None:
            raise UsageError("stdin is closed; give --batch a file, or a pipe")
        if isinstance(stdin, TextIOWrapper):
            stdin.reconfigure(encoding="utf-8", errors="strict")
        yield _read_lines(stdin, batch)
        return
    require_regular(batch, "read a pipe through stdin, with --batch -")
    try:
        file = batch.open(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{batch} cannot be read: {error.strerror}; name a file") from error
    with file:
        yield _read_lines(file, batch)


def answer_batch(lines: Iterator[str], ask: Callable[[str], Answer]) -> None:
    """Answer a query a line with a JSON object a line; a wrong query gives its error."""
    from notesearch.render.hit_formats import hit_to_dict
    from notesearch.render.machine import to_json

    for line in lines:
        try:
            answer = ask(line)
        except UsageError as error:
            write(to_json({"query": line, "error": str(error), "weak": True, "hits": []}))
            continue
        hits = [hit_to_dict(hit) for hit in answer.hits]
        write(to_json({"query": line, "error": None, "weak": answer.weak, "hits": hits}))


def _read_lines(file: TextIO, name: Path) -> Iterator[str]:
    try:
        while text := file.readline(_LONGEST_LINE):
            if len(text) == _LONGEST_LINE and not text.endswith("\n"):
                raise UsageError(
                    f"{name} has a line of {_LONGEST_LINE:,} characters or more; "
                    "write a query a line"
                )
            if text.strip():
                yield text.rstrip("\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} cannot be read: it is not UTF-8; save it as UTF-8") from error
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}; name a file") from error
