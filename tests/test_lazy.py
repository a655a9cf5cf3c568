from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from notesearch.lazy import Lazy


def test_threads_that_ask_at_once_load_once_and_get_the_same():
    loads: list[object] = []
    asked = threading.Barrier(8)

    def load() -> object:
        loads.append(object())
        threading.Event().wait(0.05)  # the others ask meanwhile
        return loads[-1]

    lazy = Lazy(load)

    def ask(_: int) -> object:
        asked.wait()
        return lazy.get()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert len(loads) == 1
    assert all(one is loads[0] for one in found)


def test_nothing_is_loaded_before_it_is_asked_for():
    lazy = Lazy(lambda: 7)
    assert not lazy.is_loaded
    assert (lazy.get(), lazy.is_loaded) == (7, True)


def test_value_of_none_is_loaded_once():
    loads: list[int] = []
    lazy = Lazy(lambda: loads.append(1))
    assert (lazy.get(), lazy.get(), loads) == (None, None, [1])


def test_load_that_failed_is_tried_again():
    answers = iter([ValueError("not yet"), None])

    def load() -> str:
        if error := next(answers):
            raise error
        return "there"

    lazy = Lazy(load)
    with pytest.raises(ValueError, match="not yet"):
        lazy.get()
    assert lazy.get() == "there"
