"""Write conditions on the points of an engine, whatever they are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qdrant_client import models


def all_of(*conditions: models.Condition) -> models.Filter:
    """Return the condition that all of these hold."""
    return models.Filter(must=list(conditions))


def is_value(key: str, value: str | int | bool) -> models.FieldCondition:
    """Return the condition that a key has a value, or one of its values is that."""
    return models.FieldCondition(key=key, match=models.MatchValue(value=value))


def is_any(key: str, values: Iterable[str | int]) -> models.FieldCondition:
    """Return the condition that a key has one of some values, which are of one kind."""
    any_of: Any = list(values)
    return models.FieldCondition(key=key, match=models.MatchAny(any=any_of))


def is_one_of(ids: Iterable[int | str]) -> models.HasIdCondition:
    """Return the condition that a point has one of some ids."""
    return models.HasIdCondition(has_id=list(ids))


def is_within(
    key: str, *, least: float | None = None, most: float | None = None
) -> models.FieldCondition:
    """Return the condition that a number lies between two, both included."""
    return models.FieldCondition(key=key, range=models.Range(gte=least, lte=most))
