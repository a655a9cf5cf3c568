"""Every case of format_cases.md: a file on the left, the notes it is read as on the right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from notesearch.corpus.reader import read_notes
from notesearch.records import FileReading, Finding, Note

CASES_FILE = Path(__file__).with_name("format_cases.md")
CASE = re.compile(
    r"^### (?P<title>.+)\n\n`{5}(?P<file>.+)\n(?P<input>(?:.*\n)*?)`{5}\n\n"
    r"`{5}yaml\n(?P<expected>(?:.*\n)*?)`{5}$",
    re.MULTILINE,
)


class PlainDates(yaml.SafeLoader):
    """Leaves a date the text that it is."""


PlainDates.yaml_implicit_resolvers = {
    sign: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for sign, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Case:
    title: str
    path: str
    data: bytes
    inline_tags: bool
    expected: list[dict[str, Any]]


def read_cases(text: str) -> Iterator[Case]:
    for match in CASE.finditer(text):
        path, *options = match["file"].split(" | ")
        data = match["input"].encode()
        if "bytes" in options:  # \xNN is the byte; the file's last line has no end
            data = re.sub(rb"\\x(..)", lambda byte: bytes([int(byte[1], 16)]), data[:-1])
        yield Case(
            match["title"],
            path,
            data,
            "inline tags" in options,
            yaml.load(match["expected"], Loader=PlainDates) or [],
        )


CASES = list(read_cases(CASES_FILE.read_text(encoding="utf-8")))


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_file_is_read_as_the_case_says(case):
    reading = read_notes(case.path, case.data, inline_tags=case.inline_tags)
    assert described(reading, case.expected) == case.expected


def test_every_case_of_the_file_is_found():
    headings = re.findall(r"^### (.+)$", CASES_FILE.read_text(encoding="utf-8"), re.MULTILINE)
    inputs = [heading for heading in headings if heading in {case.title for case in CASES}]
    assert len({case.title for case in CASES}) == len(CASES) == len(inputs) >= 90


def described(reading: FileReading, expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tell of a reading what the case asks for: its notes, then its findings, in their order."""
    fields = [list(item) for item in expected if "finding" not in item and "skipped" not in item]
    notes = [
        {name: value_of(note, name) for name in names}
        for note, names in zip(reading.notes, fields, strict=False)
    ]
    notes += [{"title": note.title} for note in reading.notes[len(fields) :]]
    notes += [remark("finding", finding) for finding in reading.findings]
    return notes + ([remark("skipped", reading.skipped)] if reading.skipped else [])


def remark(kind: str, said: Finding) -> dict[str, Any]:
    return {kind: said.reason, **({"line": said.line} if said.line else {})}


def value_of(note: Note, name: str) -> Any:
    if name == "lines":
        return f"{note.line_start}-{note.line_end}"
    if name == "kind":
        return note.kind.value
    if name == "text":
        return "\n".join(note.lines).strip("\n")
    if name == "sections":
        return {
            " > ".join(section.headings) or "": _roles(section.roles) for section in note.sections
        }
    if name == "roles":  # of the sections, by their first lines
        return {
            note.line_numbers[section.blocks[0].start]: _roles(section.roles)
            for section in note.sections
        }
    value = getattr(note, name)
    return list(value) if isinstance(value, tuple) else value


def _roles(roles):
    return ", ".join(role.value for role in roles) or None
