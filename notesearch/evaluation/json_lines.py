"""A file of JSON lines in, one value a line out, with the number of its line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from notesearch.errors import SettingsError, UsageError


def read_json_lines(path: Path) -> Iterator[tuple[int, object]]:
    """Yield line number, from 1, and value; blank lines are passed over.

    A file that is not there is a UsageError, one that holds something else a SettingsError.
    """
    number = 0
    try:
        # A mark at the beginning is no character of the text.
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, json.loads(line)
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
