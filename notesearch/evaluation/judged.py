"""Read judged queries: a YAML list, JSON lines, or a BEIR folder with its documents.

YAML is a list of queries as `corpus/queries.yaml` has it, JSONL one such query a line, and a
BEIR folder holds `corpus.jsonl`, `queries.jsonl` and `qrels/<split>.tsv`. A BEIR document is
named by the path its note file gets, in the judgements as well.
"""

from __future__ import annotations

import csv
import difflib
import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from notesearch.errors import SettingsError, UsageError
from notesearch.untrusted_yaml import YAML_FAULTS, describe_fault, load_yaml

_KEYS = ("id", "kind", "split", "text", "where", "section", "relevant")
_READABLE = "a .yaml or .jsonl file of queries, or a BEIR folder with queries.jsonl and qrels/"
_BEIR_DOCUMENTS = "corpus.jsonl"
_BEIR_QUERIES = "queries.jsonl"


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query as a person types it, and the notes that answer it."""

    id: str
    text: str
    relevant: Mapping[str, int]  # note id or path: grade from 1 on; empty: nothing answers it
    kind: str = ""  # "question", "acronym", …: figures are also given by kind
    split: str = ""  # "tune", "test", "dev", …
    where: str | None = None  # the filter that goes with the text
    section: str | None = None  # the role of the section that answers; for the reader alone

    @property
    def has_answer(self) -> bool:
        """Whether any note answers the query."""
        return bool(self.relevant)


def read_queries(path: Path, *, split: str | None = None) -> tuple[JudgedQuery, ...]:
    """Read judged queries, in their order; with `split`, those of one split alone.

    A BEIR folder is read by `qrels/<split>.tsv`, without a split by `qrels/test.tsv`.
    SettingsError describes what is wrong in a file, UsageError that it has nothing to read.
    """
    if path.is_dir():
        return tuple(_read_beir(path, split or "test"))
    suffix = path.suffix.lower()
    if suffix in (".yaml", ".yml"):
        items = _yaml_items(path)
    elif suffix in (".jsonl", ".ndjson"):
        items = read_json_lines(path)
    else:
        raise UsageError(f"{path} is no form of judged queries that is read; give {_READABLE}")
    queries: dict[str, JudgedQuery] = {}
    for place, item in items:
        query = _query(item, place)
        if query.id in queries:
            raise SettingsError(f"{place}: the id {query.id} came before; give each its own")
        queries[query.id] = query
    if not queries:
        raise SettingsError(f"{path} holds no queries; write at least one")
    chosen = tuple(query for query in queries.values() if split in (None, query.split))
    if not chosen:
        known = ", ".join(sorted({query.split for query in queries.values()} - {""})) or "none"
        raise UsageError(f"{path} holds no queries of the split {split}; its splits are: {known}")
    return chosen


def unknown_notes(queries: Iterable[JudgedQuery], known: Container[str]) -> tuple[str, ...]:
    """List the judged ids that are neither id nor path of a known note, sorted.

    They can never be found, and a figure that counts them says nothing about the search.
    """
    judged = {name for query in queries for name in query.relevant}
    return tuple(sorted(name for name in judged if name not in known))


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


# ---------------------------------------------------------------- a query


def _yaml_items(path: Path) -> Iterator[tuple[str, object]]:
    """Yield the queries of a YAML file, each with its place."""
    try:
        items = load_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"{path} does not exist; give {_READABLE}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}; save it as UTF-8 text") from error
    except YAML_FAULTS as error:
        raise SettingsError(f"{path}{describe_fault(error)}; mend that line") from error
    if not isinstance(items, list | None):
        raise SettingsError(f"{path}: judged queries are a list; begin each with `- id: …`")
    for number, item in enumerate(items or [], 1):
        yield f"{path}, query {number}", item


def _query(item: object, place: str) -> JudgedQuery:
    if not isinstance(item, dict):
        raise SettingsError(f"{place}: a query has keys such as id and text, found {item!r:.60}")
    _refuse_misspelt_keys(item, place)
    return JudgedQuery(
        id=_text(item, "id", place),
        text=_text(item, "text", place),
        relevant=_grades(item.get("relevant"), place),
        kind=_text(item, "kind", place, missing=""),
        split=_text(item, "split", place, missing=""),
        where=_text(item, "where", place, missing="") or None,
        section=_text(item, "section", place, missing="") or None,
    )


def _refuse_misspelt_keys(item: Mapping[Any, object], place: str) -> None:
    """Raise SettingsError for a key that looks like a misspelt one; keys of one's own are fine."""
    for key in item:
        near = difflib.get_close_matches(str(key), _KEYS, n=1, cutoff=0.8)
        if near and key not in _KEYS:
            raise SettingsError(f"{place}: unknown key {key}; did you mean {near[0]}?")


def _text(item: Mapping[Any, object], key: str, place: str, *, missing: str | None = None) -> str:
    """Return a text of a query or document; only one that may be missing may be blank."""
    value = item.get(key, missing)
    if key == "id" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or (missing is None and not value.strip()):
        found = "nothing" if value is None else f"{value!r:.60}"
        raise SettingsError(f"{place}: {key} must be a text, found {found}")
    return value


def _grades(value: object, place: str) -> dict[str, int]:
    """Read `id: grade` pairs, or a list of ids, which all have grade 1; grade 0 is left out."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        twice = [name for name, count in Counter(value).items() if count > 1]
        if twice:
            raise SettingsError(f"{place}: relevant names {twice[0]} twice; name it once")
        return dict.fromkeys(value, 1)
    if not isinstance(value, dict):
        raise SettingsError(
            f"{place}: relevant must be `note: grade` pairs or a list of notes, "
            f"found {'nothing' if value is None else f'{value!r:.60}'}; "
            "write {} where nothing answers"
        )
    for name, grade in value.items():
        if isinstance(grade, bool) or not isinstance(grade, int) or grade < 0:
            raise SettingsError(
                f"{place}: the grade of {name} must be a whole number from 0 on, found {grade!r}"
            )
    relevant = {str(name): grade for name, grade in value.items() if grade > 0}
    if value and not relevant:
        raise SettingsError(
            f"{place}: relevant holds grades of 0 alone; write {{}} where nothing answers"
        )
    return relevant


# ---------------------------------------------------------------- a BEIR folder


def is_beir_folder(folder: Path) -> bool:
    """Return by the names in it whether a folder holds judged queries as BEIR has them."""
    return (folder / _BEIR_QUERIES).is_file() and (folder / "qrels").is_dir()


def note_path(document_id: str) -> str:
    """Return the path of the note file of a document; signs that a path can't hold are escaped."""
    name = quote(document_id, safe="")
    # A name that begins with a dot is hidden, and would not be read.
    return f"{'%2E' + name[1:] if name.startswith('.') else name}.md"


def beir_notes(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield each document as a note file: its path, and title as heading with the text below."""
    for place, value in _beir_objects(folder / _BEIR_DOCUMENTS):
        title = " ".join(_text(value, "title", place, missing="").split())
        text = _text(value, "text", place, missing="")
        heading = f"# {title}\n\n" if title else ""
        yield note_path(_text(value, "_id", place)), f"{heading}{text}\n".encode()


def _read_beir(folder: Path, split: str) -> Iterator[JudgedQuery]:
    """Yield the queries that `qrels/<split>.tsv` judges, in the order of queries.jsonl.

    Grades of 0 and below are left out, and with them the queries that have no other:
    their answer may be a document that nobody judged.
    """
    if not is_beir_folder(folder):
        raise UsageError(f"{folder} holds no judged queries; give {_READABLE}")
    kind = folder.resolve().name
    qrels = folder / "qrels" / f"{split}.tsv"
    judgements = _read_qrels(qrels)
    for place, value in _beir_objects(folder / _BEIR_QUERIES):
        query_id = _text(value, "_id", place)
        if relevant := judgements.pop(query_id, None):
            yield JudgedQuery(query_id, _text(value, "text", place), relevant, kind, split)
    unknown = next((query_id for query_id, relevant in judgements.items() if relevant), None)
    if unknown is not None:
        raise SettingsError(
            f"{qrels} judges the query {unknown}, which is not in "
            f"{_BEIR_QUERIES}; add it, or take its lines out"
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


def _beir_objects(path: Path) -> Iterator[tuple[str, Mapping[Any, object]]]:
    for place, value in read_json_lines(path):
        if not isinstance(value, dict):
            raise SettingsError(
                f"{place}: must be an object with _id and text, found {value!r:.60}"
            )
        yield place, value
