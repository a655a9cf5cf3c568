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
    return checked_facts(json.loads(text))


def checked_facts(value: object) -> dict[str, Any]:
    """Return facts by their names as a note has them; ValueError where they are none."""
    if not isinstance(value, dict):
        raise ValueError("facts that are no object")
    return {
        name: read(value[name]) for name, read in _READERS.items() if value.get(name) is not None
    }


def _one(kind: type) -> Callable[[object], object]:
    def read(value: object) -> object:
        if not isinstance(value, kind):
            raise ValueError(f"{value!r:.50} is no {kind.__name__}")
        return value

    return read


def _list_of(read: Callable[[object], object]) -> Callable[[object], object]:
    def read_list(value: object) -> object:
        if not isinstance(value, list):
            raise ValueError(f"{value!r:.50} is no list")
        return tuple(map(read, value))

    return read_list


_BY_TYPE: Mapping[str, Callable[[object], object]] = {
    "str | None": _one(str),
    "int | None": _one(int),
    "tuple[str, ...]": _list_of(_one(str)),
    "tuple[tuple[str, str], ...]": _list_of(_list_of(_one(str))),
}
_READERS = MappingProxyType({field.name: _BY_TYPE[str(field.type)] for field in fields(Facts)})
