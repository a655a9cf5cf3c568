"""The notes that ship with the project, read as their author meant them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from notesearch.corpus.reader import read_file
from notesearch.corpus.walk import list_files
from notesearch.records import Note

CORPUS = Path(__file__).parents[2] / "corpus"
TABLE: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("shipped_notes.yaml").read_text(encoding="utf-8")
)


def test_the_table_names_every_shipped_file():
    files = {file.path for file in list_files(CORPUS).files}
    assert files == {row["path"] for row in TABLE}


@pytest.mark.parametrize("row", TABLE, ids=[row["path"] for row in TABLE])
def test_shipped_file_is_read_as_its_author_meant(row):
    reading = read_file(CORPUS, row["path"])
    assert reading.skipped is None
    assert reading.findings == ()
    if "notes" not in row:
        (note,) = reading.notes
        assert note.id == row["path"]
        assert differences(note, row) == {}
        return
    parts = [note for note in reading.notes if note.kind.value == row["kind"]]
    assert len(parts) == row["count"] == len(row["notes"])
    for note, part in zip(parts, row["notes"], strict=True):
        assert differences(note, {**row, **part}) == {}, note.title
    rest = [note for note in reading.notes if note.kind.value != row["kind"]]
    assert [note.kind.value for note in rest] in ([], ["index page"])


def differences(note: Note, row: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Compare a note with its row of the table: what was read, what was meant."""
    found = {
        "kind": note.kind.value,
        "title": note.title,
        "tags": list(note.tags),
        "folder_tags": list(note.folder_tags),
        "date": note.date,
        "paper": note.paper,
        "year": note.year,
    }
    wrong = {
        name: (value, row[name])
        for name, value in found.items()
        if name in row and value != row[name]
    }
    if not note.title.startswith(row.get("title_starts", "")):
        wrong["title_starts"] = (note.title, row["title_starts"])
    if missing := set(row.get("topics", ())) - set(note.tags):
        wrong["topics"] = (note.tags, missing)
    headings = {section.headings for section in note.sections if section.headings}
    if len(headings) < row.get("sections", 0):
        wrong["sections"] = (headings, row["sections"])
    return wrong
