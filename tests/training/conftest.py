"""Training is tested among the slow tests: its modules import torch, 7 s of a processor."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out unread what holds nothing but slow tests, where these are not asked for."""
    if collection_path.name == "test_encoder.py" and config.getoption("markexpr") == "not slow":
        return True
    return None
