"""A clock that is no clock: whether the work grows as the input does, by a ratio."""

from __future__ import annotations

import time
from collections.abc import Callable

# Far apart, rather than long: a small quadratic part shows in the ratio as it would between
# `size` and four times that, in less than half the time.
_SHORT, _LONG = 1 / 8, 2
_MOST = 40  # 16 where the work is linear, 256 where it is quadratic
_LEAST_S = 0.0005  # what takes less is not measured, and grows by nothing
_TRIES = 4  # another program may take a processor's caches away
_LONG_S = 3  # after a run that takes so long, no other is tried


def assert_linear(run: Callable[[int], object], size: int) -> None:
    """Run with inputs shorter and longer than `size`; fail where the work grows faster."""
    ratios = []
    for _ in range(_TRIES):
        long, short = _seconds(run, round(_LONG * size)), _seconds(run, round(_SHORT * size))
        ratios.append(long / max(short, _LEAST_S))
        if ratios[-1] < _MOST:
            return
        if long > _LONG_S:
            break
    growth = round(_LONG / _SHORT)
    raise AssertionError(f"{growth} times the input takes {min(ratios):.1f} times the work")


def _seconds(run: Callable[[int], object], size: int) -> float:
    start = time.process_time()
    run(size)
    return time.process_time() - start
