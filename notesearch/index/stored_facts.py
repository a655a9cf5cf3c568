"""Write the facts of a note as JSON, and read them back, checked: an index may be damaged."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from notesearch.records import Facts, facts_of


def write_facts(note: Facts) -> str:
    """Return the facts of a note as a JSON object."""
    return json.dumps(facts_of(note), ensure_ascii=False)


def read_facts(text: str) -> dict[str, Any]:
    """Return the facts by their names; ValueError where they are no facts.

    What a later notesearch has added is left out.
    """
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("facts that are no object")
    return {
        name: read(value[name]) for name, read in _READERS.items() if value.get(name) is not None
    }


def _read_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r:.50} where a text belongs")
    return value


def _read_number(value: object) -> int:
    if not isinstance(value, int):
        raise ValueError(f"{value!r:.50} where a number belongs")
    return value


def _read_texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{value!r:.50} where a list belongs")
    return tuple(map(_read_text, value))


def _read_lists(value: object) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list):
        raise ValueError(f"{value!r:.50} where a list belongs")
    return tuple(map(_read_texts, value))


_BY_TYPE: Mapping[str, Callable[[object], object]] = {
    "str | None": _read_text,
    "int | None": _read_number,
    "tuple[str, ...]": _read_texts,
    "tuple[tuple[str, str], ...]": _read_lists,
}
_READERS = MappingProxyType({field.name: _BY_TYPE[str(field.type)] for field in fields(Facts)})
