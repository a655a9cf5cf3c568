"""Load a value at its first use, once, whichever of several threads asks first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lazy(Generic[T]):
    """A value that `load` makes at the first `get`; safe to ask from several threads.

    `functools.cached_property` has no lock from Python 3.12 on: two threads load twice.
    """

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._guard = threading.Lock()
        self._loaded: tuple[T] | None = None  # in a tuple, because the value may be None

    def get(self) -> T:
        """Return the value, loading it where no call has done so; a failed load is tried again."""
        if self._loaded is None:
            with self._guard:
                if self._loaded is None:
                    self._loaded = (self._load(),)
        return self._loaded[0]

    @property
    def is_loaded(self) -> bool:
        """Whether `load` has returned."""
        return self._loaded is not None
