"""Write what a command has to show: results to stdout, everything else to stderr.

Whatever a note, a file name or an argument holds, nothing of it makes a terminal do anything:
control signs are taken out here once more. JSON and the texts of `render` pass unchanged.
"""

from __future__ import annotations

import os
import sys
from typing import TextIO

import typer

from notesearch.render.terminal import guarded, printable_lines


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
        stdout.write((guarded(text) if stdout.isatty() else printable_lines(text)) + end)
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
