"""What a translator gives back: the lines to show, the same as Markdown, and the head's fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Translated:
    """A note in Markdown, line for line; its head stands in `fields`, not in the lines."""

    lines: list[str]  # what is shown
    markup: list[str]  # the same lines as Markdown, as many
    numbers: Sequence[int]  # the file's line of each of `lines`, counted from 1, never falling
    fields: Mapping[str, object] = field(default_factory=dict)  # keys in lower case


def without_head(
    lines: Sequence[str], markup: Sequence[str | None], fields: Mapping[str, object]
) -> Translated:
    """Put together what a pass over all lines gave, None for a line of the head."""
    kept = [(n, line) for n, line in enumerate(markup) if line is not None]
    return Translated(
        [lines[n] for n, _ in kept], [line for _, line in kept], [n + 1 for n, _ in kept], fields
    )


def indent_of(line: str) -> int:
    """Count the columns of white space that a line opens with; a tab goes to the next eighth."""
    white = line[: len(line) - len(line.lstrip())]
    return len(white.expandtabs(8)) if "\t" in white else len(white)
