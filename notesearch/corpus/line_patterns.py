"""The pattern of a person's own that opens a note at a line: the one door to `regex`.

Its search takes a limit of time, which `re` has not. Kept apart from the layouts so that settings
are checked by what reads them, without loading what reads notes.
"""

from __future__ import annotations

from typing import Any

import regex


def compile_pattern(text: str) -> Any:  # noqa: ANN401 - regex has no types
    """Compile a pattern; ValueError says what is wrong with it."""
    try:
        return regex.compile(text)
    except (regex.error, RecursionError) as error:
        raise ValueError(str(error)) from error
