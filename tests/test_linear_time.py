from __future__ import annotations

import pytest

from tests.linear_time import assert_linear


def test_linear_work_passes():
    assert_linear(lambda size: sum(range(100 * size)), 2000)


def test_quadratic_work_fails():
    with pytest.raises(AssertionError, match=r"^16 times the input takes"):
        assert_linear(lambda size: [sum(range(size)) for _ in range(size)], 1000)
