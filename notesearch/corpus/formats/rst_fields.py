"""What the head of a reStructuredText file says: docinfo fields, and comments that are fields."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from notesearch.corpus.formats.translated import indent_of

_FIELD = re.compile(r":([^\s:](?:[^:]{0,60}[^\s:])?):(?:\s+(.*))?")
_COMMENT_FIELD = re.compile(r"\.\. ([a-z][\w-]{0,30}): (.*)")
_EXPLICIT = re.compile(r"\.\.(?:\s|$)")
_META = re.compile(r"\.\.\s+meta::\s*")
# What a reader wants to find is no mere metadata.
_TEXT_FIELDS = {"abstract", "summary", "dedication"}
_LIST_FIELDS = {"authors"}


@dataclass
class DocInfo:
    """The fields of the head and the lines they take, counted from 0."""

    fields: dict[str, object] = field(default_factory=dict)
    numbers: set[int] = field(default_factory=set)


def read_docinfo(lines: Sequence[str]) -> DocInfo:
    """Read fields before the text and right below the title, up to the first other line."""
    found = DocInfo()
    number, titles = 0, 0
    while number < len(lines):
        line = lines[number]
        if not line.strip():
            number += 1
        elif match := _FIELD.fullmatch(line.rstrip()):
            number = _take_field(found, lines, number, match)
        elif match := _COMMENT_FIELD.fullmatch(line.rstrip()):
            _add(found, match[1], [match[2]])
            found.numbers.add(number)
            number += 1
        elif _EXPLICIT.match(line):
            number = _skip_explicit(found, lines, number)
        elif titles == 0 and (size := _title_size(lines, number)):
            titles, number = 1, number + size
        else:
            break
    return found


def _take_field(found: DocInfo, lines: Sequence[str], number: int, match: re.Match[str]) -> int:
    """Read a field with its indented lines; give the line after it."""
    end = number + 1
    while end < len(lines) and lines[end].strip() and lines[end][0].isspace():
        end += 1
    values = [(match[2] or "").strip(), *(line.strip() for line in lines[number + 1 : end])]
    name = match[1].strip().lower()
    _add(found, name, [value for value in values if value])
    if name not in _TEXT_FIELDS:
        found.numbers.update(range(number, end))
    return end


def _add(found: DocInfo, name: str, values: Sequence[str]) -> None:
    """Keep a value as text; the names of authors as a list."""
    text = " ".join(values).strip()
    if not text:
        return
    if name in _LIST_FIELDS:
        whole = ";".join(value.lstrip("-*+ ") for value in values)
        parts = re.split(r"[;]" if ";" in whole else r",", whole)
        found.fields.setdefault(name, [part.strip() for part in parts if part.strip()])
    else:
        found.fields.setdefault(name, text)


def _skip_explicit(found: DocInfo, lines: Sequence[str], number: int) -> int:
    """Pass over a comment, target or directive; `meta` holds fields."""
    end = number + 1
    while end < len(lines) and (not lines[end].strip() or indent_of(lines[end]) > 0):
        end += 1
    if _META.fullmatch(lines[number].rstrip()):
        for line in lines[number + 1 : end]:
            if match := _FIELD.fullmatch(line.strip()):
                _add(found, match[1].lower(), [match[2] or ""])
    return end


def _title_size(lines: Sequence[str], number: int) -> int:
    """Count the lines of a section title that opens here: 2, 3 with a rule above, or 0."""
    size = 3 if _is_rule(lines[number]) else 2
    if number + size > len(lines):
        return 0
    return size if _is_rule(lines[number + size - 1]) else 0


def _is_rule(line: str) -> bool:
    text = line.rstrip()
    return len(text) > 1 and not text[0].isalnum() and not text.strip(text[0])
