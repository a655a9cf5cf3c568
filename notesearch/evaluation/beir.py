"""Read a BEIR folder: judged queries, and the documents that they ask for, as note files.

It holds `corpus.jsonl`, `queries.jsonl` and `qrels/<split>.tsv`. A document is named by the path
that its note file gets, in the judgements as well.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from notesearch.errors import SettingsError, UsageError
from notesearch.evaluation.json_lines import read_json_lines, read_text

_DOCUMENTS = "corpus.jsonl"
_QUERIES = "queries.jsonl"


def is_beir_folder(folder: Path) -> bool:
    """Return by the names in it whether a folder holds judged queries as BEIR has them."""
    return (folder / _QUERIES).is_file() and (folder / "qrels").is_dir()


def note_path(document_id: str) -> str:
    """Return the path of the note file of a document; signs that a path can't hold are escaped."""
    name = quote(document_id, safe="")
    # A name that begins with a dot is hidden, and would not be read.
    return f"{'%2E' + name[1:] if name.startswith('.') else name}.md"


def beir_notes(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each document as a note file: its path, and title as heading with the text below."""
    for place, value in _objects(folder / _DOCUMENTS):
        title = " ".join(read_text(value, "title", place, missing="").split())
        text = read_text(value, "text", place, missing="")
        heading = f"# {title}\n\n" if title else ""
        yield note_path(read_text(value, "_id", place)), f"{heading}{text}\n".encode()


def read_beir_queries(folder: Path, split: str) -> Iterator[tuple[str, str, dict[str, int]]]:
    """Yield id, text and graded note paths of the queries that `qrels/<split>.tsv` judges.

    They come in the order of queries.jsonl. Grades of 0 and below are left out, and with them the
    queries that have no other: their answer may be a document that nobody judged.
    """
    qrels = folder / "qrels" / f"{split}.tsv"
    judgements = _read_qrels(qrels)
    for place, value in _objects(folder / _QUERIES):
        query_id = read_text(value, "_id", place)
        if relevant := judgements.pop(query_id, None):
            yield query_id, read_text(value, "text", place), relevant
    unknown = next((query_id for query_id, relevant in judgements.items() if relevant), None)
    if unknown is not None:
        raise SettingsError(
            f"{qrels} judges the query {unknown}, which is not in "
            f"{_QUERIES}; add it, or take its lines out"
        )


def _read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Read the grades from 1 on, by query and note path."""
    judgements: dict[str, dict[str, int]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            for number, row in enumerate(rows, 1):
                if not row or (number == 1 and row[-1] == "score"):
                    continue
                query_id, document_id, grade = _qrels_row(row, f"{path}, line {number}")
                grades = judgements.setdefault(query_id, {})
                if grade > 0:
                    grades[note_path(document_id)] = grade
    except FileNotFoundError as error:
        known = ", ".join(sorted(one.stem for one in path.parent.glob("*.tsv"))) or "none"
        raise UsageError(f"{path} does not exist; the splits there are: {known}") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"{path} cannot be read: {error}; save it as UTF-8 text") from error
    return judgements


def _qrels_row(row: list[str], place: str) -> tuple[str, str, int]:
    """Return the query id, the document id and the grade of a row."""
    try:
        query_id, document_id, grade = row
        return query_id, document_id, int(grade)
    except ValueError as error:
        raise SettingsError(
            f"{place}: a judgement is query-id, corpus-id and a whole score with tabs between, "
            f"found {' '.join(row)!r:.60}"
        ) from error


def _objects(path: Path) -> Iterator[tuple[str, Mapping[Any, object]]]:
    for place, value in read_json_lines(path):
        if not isinstance(value, dict):
            raise SettingsError(
                f"{place}: must be an object with _id and text, found {value!r:.60}"
            )
        yield place, value
