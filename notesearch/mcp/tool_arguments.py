"""The arguments of a tool: their JSON Schema, and what an agent gives for them, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from notesearch.errors import UsageError

_SHOWN = 60  # characters of a wrong value


@dataclass(frozen=True, slots=True)
class Text:
    """An argument that is a text; without a default it has to be given."""

    about: str
    default: str | None = None
    most: int = 4000  # characters; a longer question asks nothing more
    choices: tuple[str, ...] = ()

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the argument."""
        one_of = {"enum": list(self.choices)} if self.choices else {}
        return {"type": "string", "description": self.about, **one_of}

    def read(self, name: str, value: object) -> str:
        """Return what was given; UsageError where it is no such text."""
        if not isinstance(value, str):
            raise UsageError(f"{name} must be a text, found {_in_short(value)}")
        if len(value) > self.most:
            raise UsageError(
                f"{name} has {len(value):,} characters; give at most {self.most:,}, "
                "what matters most of it"
            )
        if self.choices and value not in self.choices:
            raise UsageError(f"{name} is one of {', '.join(self.choices)}; found {value:.60}")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise UsageError(f"{name} is not UTF-8; leave out the lone surrogate") from error
        return value


@dataclass(frozen=True, slots=True)
class Number:
    """An argument that is a whole number between two limits."""

    about: str
    least: int
    most: int
    default: int | None = None

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the argument."""
        limits = {"minimum": self.least, "maximum": self.most}
        default = {} if self.default is None else {"default": self.default}
        return {"type": "integer", "description": self.about, **limits, **default}

    def read(self, name: str, value: object) -> int:
        """Return what was given; UsageError where it is no such number."""
        if isinstance(value, str) and value.strip().isdecimal() and len(value) < 20:
            value = int(value)  # models give numbers as texts now and then
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # JSON has one kind of number
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if not isinstance(value, int) or not is_number or not self.least <= value <= self.most:
            raise UsageError(
                f"{name} must be a whole number from {self.least} to {self.most:,}, "
                f"found {_in_short(value)}"
            )
        return value


Argument = Text | Number


def schema_of(arguments: Mapping[str, Argument], required: tuple[str, ...]) -> dict[str, Any]:
    """Return the JSON Schema of a tool's arguments."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: argument.schema() for name, argument in arguments.items()},
    }
    return schema | ({"required": list(required)} if required else {})


def read_arguments(
    tool: str,
    arguments: Mapping[str, Argument],
    required: tuple[str, ...],
    given: Mapping[str, object],
) -> dict[str, Any]:
    """Return all arguments of a tool with their values; null stands for one that is not given."""
    unknown = [name for name in given if name not in arguments]
    if unknown:
        raise UsageError(
            f"{tool} takes no argument {_in_short(unknown[0])}; it takes {', '.join(arguments)}"
        )
    values: dict[str, Any] = {}
    for name, argument in arguments.items():
        value = given.get(name)
        if value is not None:
            values[name] = argument.read(name, value)
        elif name in required:
            raise UsageError(f"{tool} needs {name}: {argument.about}")
        else:
            values[name] = argument.default
    return values


def _in_short(value: object) -> str:
    # Of a list or an object, whose text may be as long as it is deep, the kind is enough.
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    shown = repr(value[: _SHOWN + 1] if isinstance(value, str) else value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
