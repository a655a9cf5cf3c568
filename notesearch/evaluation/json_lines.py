"""Read files of JSON lines: the value of each line, and the texts of one that is an object."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from notesearch.errors import SettingsError, UsageError


def read_json_lines(path: Path) -> Iterator[tuple[str, object]]:
    """Yield the place and the value of each line; blank lines are left out.

    UsageError where the file does not exist, SettingsError where it holds something else.
    """
    number = 0
    try:
        # A byte order mark at the beginning is no character of the text.
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield f"{path}, line {number}", json.loads(line)
    except FileNotFoundError as error:
        raise UsageError(f"{path} does not exist; give a file of JSON lines") from error
    except json.JSONDecodeError as error:
        raise SettingsError(
            f"{path}, line {number}: not JSON: {error.msg}; write one object a line"
        ) from error
    except RecursionError as error:
        raise SettingsError(
            f"{path}, line {number}: nested too deeply; write one plain object a line"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path}, after line {number}: cannot be read: {error}; save it as UTF-8 text"
        ) from error


def read_text(
    item: Mapping[Any, object], key: str, place: str, *, missing: str | None = None
) -> str:
    """Return a text of a query or document; only one that may be missing may be blank."""
    value = item.get(key, missing)
    if key == "id" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or (missing is None and not value.strip()):
        found = "nothing" if value is None else f"{value!r:.60}"
        raise SettingsError(f"{place}: {key} must be a text, found {found}")
    return value
