"""Make requests of Qdrant: tried again where a connection is lost, and named where one fails."""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from notesearch.engine_address import EngineAddress
from notesearch.errors import Remedy, UnusableIndexError

KEY_VARIABLE = "QDRANT_API_KEY"
# Waits between the tries of a request: a server that is started anew is back by then.
WAITS_S = (0.2, 1.0, 3.0)
# The server's answers to a request that may succeed a moment later.
_FOR_NOW = (429, 500, 502, 503, 504)


class EngineError(UnusableIndexError):
    """An engine that does not answer, or refuses."""


class EngineRequests:
    """The requests of one connection; many threads may make them."""

    def __init__(
        self,
        address: EngineAddress,
        client: QdrantClient,
        turn: AbstractContextManager[object] | None = None,
    ) -> None:
        """Take a client; with a `turn`, one thread at a time asks it."""
        self.address = address
        self._client = client
        self._turn = turn or nullcontext()

    def ask(self, request: str, **options: Any) -> Any:  # noqa: ANN401 - as the client answers
        """Make a request, again where the connection is lost; EngineError where it stays so."""
        for wait_s in (*WAITS_S, None):
            try:
                with self._turn:
                    return getattr(self._client, request)(**options)
            except UnexpectedResponse as error:
                if error.status_code not in _FOR_NOW or wait_s is None:
                    raise self._meaning_of(error) from error
            except (ResponseHandlingException, ConnectionError) as error:
                if wait_s is None:
                    raise self._no_answer(error) from error
            time.sleep(wait_s)
        raise AssertionError("the last try either answers or raises")

    def _meaning_of(self, error: UnexpectedResponse) -> EngineError:
        place = self.address.text
        if error.status_code in (401, 403):
            given = "refuses the key" if os.environ.get(KEY_VARIABLE) else "asks for a key"
            return EngineError(
                f"{place} {given} (HTTP {error.status_code}); set {KEY_VARIABLE} to one that may "
                "read it, and write to it for an update"
            )
        if error.status_code == 404:
            return no_engine_index(self.address)
        said = " ".join(error.content.decode("utf-8", "replace").split())[:200]
        return EngineError(
            f"{place} answers HTTP {error.status_code}: {said}; look into the log of the engine"
        )

    def _no_answer(self, error: Exception) -> EngineError:
        return EngineError(
            f"{self.address.text} does not answer ({str(error)[:120]}); is the engine running, and "
            "is the address right?"
        )

    def close(self) -> None:
        """Close the connection; a second time does nothing."""
        self._client.close()

    def write_faster(self) -> None:
        """Spare a folder of the client the wait for the disk, also in collections made since."""
        if self.address.folder is not None:
            write_faster(self._client)


def no_engine_index(address: EngineAddress) -> EngineError:
    """Return the error for an engine that holds no index of the name."""
    return EngineError(
        f"{address.text} holds no index",
        Remedy(
            "open it with create=True, then call update(corpus)",
            f"run: notesearch index CORPUS --index {address.text}",
        ),
    )


def write_faster(client: QdrantClient) -> None:
    """Spare a folder of the client the wait for the disk after every single point.

    It commits each by itself. A power cut may take the last ones; `notesearch check` finds that.
    """
    for collection in getattr(client._client, "collections", {}).values():
        if (storage := getattr(collection, "storage", None)) is not None:
            storage.storage.execute("PRAGMA journal_mode = WAL")
            storage.storage.execute("PRAGMA synchronous = NORMAL")
