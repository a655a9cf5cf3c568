"""A BEIR folder in, its judgements and its documents out; documents become note files.

A document is named by the path its note file gets, in the judgements as well.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from notesearch.errors import SettingsError, UsageError
from notesearch.evaluation.json_lines import read_json_lines

_CORPUS = "corpus.jsonl"
_QUERIES = "queries.jsonl"
_QRELS = "qrels"


@dataclass(frozen=True, slots=True)
class BeirJudgement:
    """A query of a BEIR folder with its grades from 1 on, by note path."""

    id: str
    text: str
    relevant: Mapping[str, int]


def is_beir_folder(folder: Path) -> bool:
    """Tell by the names in it whether a folder holds judged queries as BEIR has them."""
    return (folder / _QUERIES).is_file() and (folder / _QRELS).is_dir()


def note_path(document_id: str) -> str:
    """Give the path of the note file of a document; signs that a path can't hold are escaped."""
    name = quote(document_id, safe="")
    # A name that begins with a dot is hidden, and would not be read.
    return f"{'%2E' + name[1:] if name.startswith('.') else name}.md"


def beir_notes(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each document as a note file: its path, and title as heading with the text below."""
    for place, value in _objects(folder / _CORPUS):
        title = " ".join(_text(value, "title", place, missing="").split())
        text = _text(value, "text", place, missing="")
        heading = f"# {title}\n\n" if title else ""
        yield note_path(_text(value, "_id", place)), f"{heading}{text}\n".encode()


def read_beir_judgements(folder: Path, split: str) -> list[BeirJudgement]:
    """Read the queries that `qrels/<split>.tsv` judges, in the order of queries.jsonl.

    Grades of 0 and below are left out, and with them the queries that have no other:
    their answer may be a document that nobody judged.
    """
    qrels = _read_qrels(folder, split)
    judged = []
    for place, value in _objects(folder / _QUERIES):
        query_id = _text(value, "_id", place)
        relevant = qrels.pop(query_id, None)
        if relevant:
            judged.append(BeirJudgement(query_id, _text(value, "text", place), relevant))
    unknown = next((query_id for query_id, relevant in qrels.items() if relevant), None)
    if unknown is not None:
        raise SettingsError(
            f"{folder / _QRELS / split}.tsv judges the query {unknown}, which is not in "
            f"{_QUERIES}; add it, or take its lines out"
        )
    return judged


def _read_qrels(folder: Path, split: str) -> dict[str, dict[str, int]]:
    """Read grades by query and note path."""
    path = folder / _QRELS / f"{split}.tsv"
    qrels: dict[str, dict[str, int]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            for number, row in enumerate(rows, 1):
                if not row or (number == 1 and row[-1] == "score"):
                    continue
                query_id, document_id, grade = _judgement(row, f"{path}, line {number}")
                grades = qrels.setdefault(query_id, {})
                if grade > 0:
                    grades[note_path(document_id)] = grade
    except FileNotFoundError as error:
        there = ", ".join(sorted(one.stem for one in path.parent.glob("*.tsv"))) or "none"
        raise UsageError(f"{path} does not exist; the splits there are: {there}") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"{path} cannot be read: {error}; save it as UTF-8 text") from error
    return qrels


def _judgement(row: list[str], place: str) -> tuple[str, str, int]:
    """Take a row apart: query id, document id, grade."""
    try:
        query_id, document_id, grade = row
        return query_id, document_id, int(grade)
    except ValueError as error:
        raise SettingsError(
            f"{place}: a judgement is query-id, corpus-id and a whole score with tabs between, "
            f"found {' '.join(row)!r:.60}"
        ) from error


def _objects(path: Path) -> Iterator[tuple[str, Mapping[str, object]]]:
    for number, value in read_json_lines(path):
        place = f"{path}, line {number}"
        if not isinstance(value, dict):
            raise SettingsError(
                f"{place}: must be an object with _id and text, found {value!r:.60}"
            )
        yield place, value


def _text(value: Mapping[str, object], key: str, place: str, *, missing: str | None = None) -> str:
    text = value.get(key, missing)
    if not isinstance(text, str) or (missing is None and not text.strip()):
        found = "nothing" if text is None else f"{text!r:.60}"
        raise SettingsError(f"{place}: {key} must be a text, found {found}")
    return text
