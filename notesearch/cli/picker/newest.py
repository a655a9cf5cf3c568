"""Do what was asked for last in a thread of its own, and drop what was asked for before it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, Thread


class Newest:
    """A thread that does one thing at a time: of those that wait, the newest alone.

    Who asks never waits, whatever the thread is at.
    """

    def __init__(self, name: str, fail: Callable[[BaseException], None]) -> None:
        self._fail = fail  # called in the thread, with an error that nothing else has caught
        self._turn = Condition()
        self._waiting: Callable[[], None] | None = None
        self._is_over = False
        # A daemon: who leaves does not wait for a question that takes long.
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def ask(self, work: Callable[[], None]) -> None:
        """Do this next."""
        with self._turn:
            self._waiting = work
            self._turn.notify()

    def end(self) -> None:
        """Do nothing more; what is being done goes on to its end."""
        with self._turn:
            self._is_over, self._waiting = True, None
            self._turn.notify()

    def _run(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._is_over or self._waiting is not None)
                work, self._waiting = self._waiting, None
            if work is None:
                return
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - shown by the thread of the screen
                self._fail(error)
