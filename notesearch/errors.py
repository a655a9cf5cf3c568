"""Errors and warnings: each message names the place, the finding and the remedy in one line."""

from __future__ import annotations

import warnings
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    """What helps, as a program does it and as a person does it in a shell."""

    call: str
    command: str

    def after(self, words: str) -> Remedy:
        """Return it with the same words before both."""
        return Remedy(f"{words} {self.call}", f"{words} {self.command}")


class NotesearchError(Exception):
    """An error that the user can act on; everything else is a bug.

    Its text is for programs, `for_shell` for whoever runs commands.
    """

    def __init__(self, message: str, remedy: Remedy | None = None) -> None:
        super().__init__(message if remedy is None else f"{message}; {remedy.call}")
        self.for_shell = message if remedy is None else f"{message}; {remedy.command}"


class UsageError(NotesearchError):
    """A command, a query line or a call that asks for something that cannot be."""


class SettingsError(NotesearchError):
    """A settings file or value that cannot be used."""


class CorpusError(NotesearchError):
    """A corpus folder that cannot be read as a whole; single bad files are findings, not errors."""


class ModelError(NotesearchError):
    """A model that is not there, cannot be loaded, or cannot take the text it was given."""


class UnusableIndexError(NotesearchError):
    """An index that is missing, damaged, of another format or not readable."""


class MismatchError(NotesearchError):
    """An index that was built with another model, precision or chunker than the one at hand."""


class LockedError(NotesearchError):
    """An index that another process is writing."""


class NotesearchWarning(UserWarning):
    """A fact that a person should know, and that stops nothing."""


def warn_in_python(message: str) -> None:
    """Warn the caller's caller, as libraries do; the command line passes its own function."""
    warnings.warn(message, NotesearchWarning, stacklevel=3)


def say_nothing(message: str) -> None:
    """Ignore a message: the default where nobody watches what takes long."""
