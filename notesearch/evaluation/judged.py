"""A file or folder of judged queries in, frozen queries out; three forms are read.

YAML is a list of queries as `corpus/queries.yaml` has it, JSONL one such query a line, and a
BEIR folder holds `corpus.jsonl`, `queries.jsonl` and `qrels/<split>.tsv`.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from notesearch.errors import SettingsError, UsageError
from notesearch.evaluation.beir import is_beir_folder, read_beir_judgements
from notesearch.evaluation.json_lines import read_json_lines
from notesearch.untrusted_yaml import YAML_FAULTS, describe_fault, load_yaml

_YAML_SUFFIXES = (".yaml", ".yml")
_JSONL_SUFFIXES = (".jsonl", ".ndjson")
_KEYS = ("id", "kind", "split", "text", "where", "section", "relevant")
_FORMS = "a .yaml or .jsonl file of queries, or a BEIR folder with queries.jsonl and qrels/"


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """What a person types, and the notes that answer it."""

    id: str
    text: str
    relevant: Mapping[str, int]  # note id or path: grade from 1 on; empty: nothing answers it
    kind: str = ""  # "question", "acronym", …: figures are also given by kind
    split: str = ""  # "tune", "test", "dev", …
    where: str | None = None  # the filter that goes with the text
    section: str | None = None  # the role of the section that answers; said, not searched by
    # Note ids, paths or passage ids that do not count, as if they had not been found.
    ignored: frozenset[str] = field(default_factory=frozenset)

    @property
    def has_answer(self) -> bool:
        """Whether any note answers the query."""
        return bool(self.relevant)


def read_queries(path: Path, *, split: str | None = None) -> tuple[JudgedQuery, ...]:
    """Read judged queries, in their order; with `split`, those of one split alone.

    A BEIR folder is read by `qrels/<split>.tsv`, without a split by `qrels/test.tsv`.
    SettingsError says what is wrong with a file, UsageError that there is nothing to read.
    """
    if path.is_dir():
        return _read_beir(path, split or "test")
    suffix = path.suffix.lower()
    if suffix in _YAML_SUFFIXES:
        queries = _checked(_yaml_items(path))
    elif suffix in _JSONL_SUFFIXES:
        lines = read_json_lines(path)
        queries = _checked((f"{path}, line {number}", value) for number, value in lines)
    else:
        raise UsageError(f"{path} is no form of judged queries that is read; give {_FORMS}")
    if not queries:
        raise SettingsError(f"{path} holds no queries; write at least one")
    return _of_split(queries, split, path)


def unknown_notes(queries: Iterable[JudgedQuery], known: Container[str]) -> tuple[str, ...]:
    """List the judged ids that are neither id nor path of a known note, sorted.

    They can never be found, and a figure that counts them says nothing about the search.
    """
    judged = {name for query in queries for name in query.relevant}
    return tuple(sorted(name for name in judged if name not in known))


def _of_split(
    queries: tuple[JudgedQuery, ...], split: str | None, path: Path
) -> tuple[JudgedQuery, ...]:
    if split is None:
        return queries
    chosen = tuple(query for query in queries if query.split == split)
    if not chosen:
        there = ", ".join(sorted({query.split for query in queries} - {""})) or "none"
        raise UsageError(f"{path} holds no queries of the split {split}; its splits are: {there}")
    return chosen


def _read_beir(folder: Path, split: str) -> tuple[JudgedQuery, ...]:
    if not is_beir_folder(folder):
        raise UsageError(f"{folder} holds no judged queries; give {_FORMS}")
    kind = folder.resolve().name
    return tuple(
        JudgedQuery(judged.id, judged.text, judged.relevant, kind=kind, split=split)
        for judged in read_beir_judgements(folder, split)
    )


def _yaml_items(path: Path) -> Sequence[tuple[str, object]]:
    """Give the queries of a YAML file, each with its place."""
    try:
        items = load_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"{path} does not exist; give {_FORMS}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}; save it as UTF-8 text") from error
    except YAML_FAULTS as error:
        raise SettingsError(f"{path}{describe_fault(error)}; mend that line") from error
    if items is None:
        return []
    if not isinstance(items, list):
        raise SettingsError(f"{path}: judged queries are a list; begin each with `- id: …`")
    return [(f"{path}, query {number}", item) for number, item in enumerate(items, 1)]


def _checked(items: Iterable[tuple[str, object]]) -> tuple[JudgedQuery, ...]:
    """Turn values into queries, and see that no id comes twice."""
    queries: dict[str, JudgedQuery] = {}
    for place, item in items:
        query = _query(item, place)
        if query.id in queries:
            raise SettingsError(f"{place}: the id {query.id} came before; give each its own")
        queries[query.id] = query
    return tuple(queries.values())


def _query(item: object, place: str) -> JudgedQuery:
    if not isinstance(item, dict):
        raise SettingsError(f"{place}: a query has keys such as id and text, found {item!r:.60}")
    _check_keys(item, place)
    return JudgedQuery(
        id=_text(item, "id", place),
        text=_text(item, "text", place),
        relevant=_grades(item.get("relevant"), place),
        kind=_text(item, "kind", place, missing=""),
        split=_text(item, "split", place, missing=""),
        where=_text(item, "where", place, missing="") or None,
        section=_text(item, "section", place, missing="") or None,
    )


def _check_keys(item: Mapping[Any, object], place: str) -> None:
    """Refuse a key that looks like a misspelt one; remarks of one's own are fine."""
    for key in item:
        near = difflib.get_close_matches(str(key), _KEYS, n=1, cutoff=0.8)
        if near and key not in _KEYS:
            raise SettingsError(f"{place}: unknown key {key}; did you mean {near[0]}?")


def _text(item: Mapping[str, object], key: str, place: str, *, missing: str | None = None) -> str:
    value = item.get(key, missing)
    if key == "id" and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not (value.strip() or key not in ("id", "text")):
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
    grades = {str(name): _grade(grade, str(name), place) for name, grade in value.items()}
    relevant = {name: grade for name, grade in grades.items() if grade > 0}
    if grades and not relevant:
        raise SettingsError(
            f"{place}: relevant holds grades of 0 alone; write {{}} where nothing answers"
        )
    return relevant


def _grade(value: object, name: str, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise SettingsError(
            f"{place}: the grade of {name} must be a whole number from 0 on, found {value!r}"
        )
    return value
