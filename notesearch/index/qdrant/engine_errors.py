"""Say in one line what an engine did not do, and what helps."""

from __future__ import annotations

import os
import pickle
import sqlite3

from qdrant_client.http.exceptions import UnexpectedResponse

from notesearch.engine_address import EngineAddress
from notesearch.errors import Remedy, UnusableIndexError

KEY_VARIABLE = "QDRANT_API_KEY"
_MOST_SHOWN = 200  # of what an engine says
# What the client raises for the files of a folder: SQLite's errors, and those of what it stored.
FILE_ERRORS = (
    *(OSError, sqlite3.Error, pickle.UnpicklingError, EOFError),
    *(AttributeError, ImportError, KeyError, TypeError, ValueError),
)


class EngineError(UnusableIndexError):
    """An engine that does not answer, or refuses."""


def no_engine_index(address: EngineAddress) -> EngineError:
    """Return the error for an engine that holds no index of the name."""
    return EngineError(
        f"{address.text} holds no index",
        Remedy(
            "open it with create=True, then call update(corpus)",
            f"run: notesearch index CORPUS --index {address.text}",
        ),
    )


def no_answer(address: EngineAddress, error: Exception) -> EngineError:
    """Return the error for an engine that is not reached."""
    return EngineError(
        f"{address.text} does not answer ({_one_line(str(error))}); is the engine running, and is "
        "the address right?"
    )


def strange_answer(address: EngineAddress, error: Exception) -> EngineError:
    """Return the error for what answers, and not as Qdrant does."""
    return EngineError(
        f"{address.text} answers as no Qdrant does ({_one_line(str(error))}); is the address right?"
    )


def unusable_folder(address: EngineAddress, error: Exception) -> EngineError:
    """Return the error for a folder of an engine that cannot be read or written."""
    return EngineError(
        f"{address.text} cannot be used ({_one_line(str(error) or type(error).__name__)}); check "
        f"the folder {address.folder}, and whether its disk is full"
    )


def meaning_of(address: EngineAddress, error: UnexpectedResponse) -> EngineError:
    """Return the error for a request that an engine refuses."""
    if error.status_code in (401, 403):
        given = "refuses the key" if os.environ.get(KEY_VARIABLE) else "asks for a key"
        return EngineError(
            f"{address.text} {given} (HTTP {error.status_code}); set {KEY_VARIABLE} to one that "
            "may read it, and write to it for an update"
        )
    if error.status_code == 404:
        return no_engine_index(address)
    return refusal(address, error.status_code, error.content.decode("utf-8", "replace"))


def refusal(address: EngineAddress, status_code: int | None, said: str) -> EngineError:
    """Return the error for a status of HTTP, with what the engine says of it."""
    shown = ": ".join(filter(None, (f"HTTP {status_code}", _one_line(said))))
    return EngineError(f"{address.text} answers {shown}; look into the log of the engine")


def _one_line(said: str) -> str:
    """Return what an engine says on one line, without the key, which it may repeat."""
    if key := os.environ.get(KEY_VARIABLE):
        said = said.replace(key, "…")
    printable = "".join(sign if sign.isprintable() else " " for sign in said)
    return " ".join(printable.split())[:_MOST_SHOWN]
