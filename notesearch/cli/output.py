"""Where what a command says goes: results to stdout, everything else to stderr."""

from __future__ import annotations

import os
import sys

import typer

from notesearch.exit_codes import ExitCode


def write(text: str, end: str = "\n") -> None:
    """Write results; when `| head` has closed the pipe, end without an error."""
    try:
        sys.stdout.write(text + end)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes stdout once more at its end, and must not fail there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(ExitCode.OK) from None


def tell(text: str) -> None:
    """Say to the person what is no result."""
    sys.stderr.write(f"{text}\n")


def warn(text: str) -> None:
    """Say what a person should know, and that is no error."""
    tell(f"notesearch: warning: {text}")
