"""Make requests of Qdrant: tried again where a connection is lost, and named where one fails."""

from __future__ import annotations

import sqlite3
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from qdrant_client import QdrantClient
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from notesearch.engine_address import EngineAddress
from notesearch.index.qdrant.engine_errors import (
    meaning_of,
    no_answer,
    refusal,
    strange_answer,
    unusable_folder,
)

# Waits between the tries of a request: a server that is started anew is back by then.
WAITS_S = (0.2, 1.0, 3.0)
# The server's answers to a request that may succeed a moment later.
_FOR_NOW = (429, 500, 502, 503, 504)


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
                    raise meaning_of(self.address, error) from error
            except QdrantException as error:  # that it is asked too often
                if wait_s is None:
                    raise refusal(self.address, 429, str(error)) from error
            except ResponseHandlingException as error:
                if isinstance(error.source, ValueError):
                    raise strange_answer(self.address, error) from error
                if wait_s is None:
                    raise no_answer(self.address, error) from error
            except ConnectionError as error:
                if wait_s is None:
                    raise no_answer(self.address, error) from error
            except sqlite3.Error as error:
                raise unusable_folder(self.address, error) from error
            except (ValueError, RecursionError) as error:  # no JSON, or of something else
                raise strange_answer(self.address, error) from error
            time.sleep(wait_s)
        raise AssertionError("the last try either answers or raises")

    def close(self) -> None:
        """Close the connection; a second time does nothing."""
        self._client.close()

    def write_faster(self) -> None:
        """Spare a folder of the client the wait for the disk, also in collections made since."""
        if self.address.folder is not None:
            write_faster(self._client)


def write_faster(client: QdrantClient) -> None:
    """Spare a folder of the client the wait for the disk after every single point.

    It commits each by itself. A power cut may take the last ones; `notesearch check` finds that.
    """
    for collection in getattr(client._client, "collections", {}).values():
        if (storage := getattr(collection, "storage", None)) is not None:
            storage.storage.execute("PRAGMA journal_mode = WAL")
            storage.storage.execute("PRAGMA synchronous = NORMAL")
