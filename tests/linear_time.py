"""A clock that is no clock: whether the work grows as the input does, by a ratio."""

from __future__ import annotations

import time
from collections.abc import Callable

_GROWTH = 4
_MOST = 10  # 4 where the work is linear, 16 where it is quadratic
_LEAST_S = 0.002  # what takes less is not measured, and grows by nothing
_TRIES = 4  # another program may take a processor's caches away
_LONG_S = 3  # after a run that takes so long, no other is tried


def assert_linear(run: Callable[[int], object], size: int) -> None:
    """Run with an input of `size` and with one four times as long; fail where the work is not."""
    ratios = []
    for _ in range(_TRIES):
        long, short = _seconds(run, _GROWTH * size), _seconds(run, size)
        ratios.append(long / max(short, _LEAST_S))
        if ratios[-1] < _MOST:
            return
        if long > _LONG_S:
            break
    raise AssertionError(f"{_GROWTH} times the input takes {min(ratios):.1f} times the work")


def _seconds(run: Callable[[int], object], size: int) -> float:
    start = time.process_time()
    run(size)
    return time.process_time() - start
