"""JSON, as programs read it: one object a line, nothing lost."""

from __future__ import annotations

import json


def to_json(value: object) -> str:
    """Write a value as JSON on one line; a lone surrogate is written as an escape."""
    text = json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
