"""What takes long to load, loaded at its first use by whichever thread comes first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class LoadedOnce(Generic[T]):
    """Holds what `load` gives, and calls it once."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._guard = threading.Lock()
        self._loaded: T | None = None

    def get(self) -> T:
        """Give what was loaded, loading it where that has not been done."""
        with self._guard:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded
