"""Hand out snapshots of an index in an engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from notesearch.engine_address import EngineAddress
from notesearch.errors import UsageError
from notesearch.index.qdrant.engine_client import Engine
from notesearch.index.qdrant.engine_connection import connect, disconnect
from notesearch.index.qdrant.engine_errors import no_engine_index
from notesearch.index.qdrant.engine_memory import EngineMemory
from notesearch.index.qdrant.engine_snapshot import EngineSnapshot
from notesearch.index.qdrant.engine_state import EngineState, read_engine_state
from notesearch.index.qdrant.word_coding import WordSplitter


class EngineStore:
    """Hands out snapshots; holds the connection, and what is known of the last generation."""

    def __init__(self, address: EngineAddress, engine: Engine | None = None) -> None:
        """Connect; nothing is asked before the first snapshot."""
        self.engine = engine or connect(address)
        self._guard = threading.Lock()
        self._memory = EngineMemory("", WordSplitter())
        self._is_closed = False

    def close(self) -> None:
        """Close the connection; a second time does nothing."""
        with self._guard:
            was_closed, self._is_closed = self._is_closed, True
        if not was_closed:
            disconnect(self.engine)

    def find_state(self) -> EngineState | None:
        """Return the state that is in force; None where there is no index yet."""
        if self._is_closed:
            raise UsageError("this index has been closed; open it again")
        return read_engine_state(self.engine) if self.engine.exists() else None

    def read_state(self) -> EngineState:
        """Return the state that is in force; EngineError where there is no index."""
        state = self.find_state()
        if state is None:
            raise no_engine_index(self.engine.address)
        return state

    @contextmanager
    def snapshot(self) -> Iterator[EngineSnapshot]:
        """Yield one generation, whole, as long as no two updates go by meanwhile."""
        state = self.read_state()
        with self._guard:
            if self._memory.stamp != state.stamp:
                self._memory = EngineMemory(state.stamp, self._memory.splitter)
            memory = self._memory
        yield EngineSnapshot(self.engine, state, memory)
