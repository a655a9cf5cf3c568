"""Read judged queries: YAML or JSON lines, a text file of topics, a BEIR folder.

YAML is a list of queries as `corpus/queries.yaml` has it, and JSONL one such query a line. A
query says what answers it in one of two forms: as `relevant`, notes with grades, or as one `note`
or `path` with the `lines` of the file that answer. A line of a text file is a query that nothing
answers. Further JSON lines may grade passages for queries by their ids.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from notesearch.errors import SettingsError, UsageError
from notesearch.evaluation.beir import is_beir_folder, read_beir_queries
from notesearch.evaluation.json_lines import read_json_lines, read_text
from notesearch.untrusted_yaml import YAML_FAULTS, describe_fault, load_yaml

# The first and the last line of a stretch of a file, counted from 1.
Lines = tuple[int, int]
# The grade of a passage that answers a query by itself; 2: in part, 1: it is on the subject.
ANSWERS = 3

_KEYS = (
    *("id", "kind", "split", "text", "q", "where", "section"),
    *("relevant", "note", "path", "lines", "judged"),
)
_READABLE = (
    "a .yaml or .jsonl file of queries, a .txt file of topics that nothing answers, "
    "or a BEIR folder with queries.jsonl and qrels/"
)


@dataclass(frozen=True, slots=True)
class JudgedPassage:
    """A stretch of a note with its grade: how far it answers a query."""

    note: str  # id or path
    lines: Lines
    grade: int  # from 0, not relevant, to `ANSWERS`


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
    lines: tuple[Lines, ...] = ()  # that answer, in the file of the one relevant note
    passages: tuple[JudgedPassage, ...] = ()  # those that were graded, of any note

    @property
    def has_answer(self) -> bool:
        """Whether any note answers the query."""
        return bool(self.relevant)

    @property
    def judged_notes(self) -> frozenset[str]:
        """The ids and paths of all notes that are judged for the query."""
        return frozenset(self.relevant).union(passage.note for passage in self.passages)


def read_queries(*paths: Path, split: str | None = None) -> tuple[JudgedQuery, ...]:
    """Read judged queries, in their order; with `split`, those of one split alone.

    A BEIR folder is read by `qrels/<split>.tsv`, without a split by `qrels/test.tsv`.
    SettingsError describes what is wrong in a file, UsageError that it has nothing to read.
    """
    for path in paths:
        if path.is_dir():
            if not is_beir_folder(path):
                raise UsageError(f"{path} holds no judged queries; give {_READABLE}")
            if len(paths) > 1:
                raise UsageError(f"{path} brings its own documents; measure it by itself")
            kind, which = path.resolve().name, split or "test"
            found = read_beir_queries(path, which)
            return tuple(JudgedQuery(*query, kind, which) for query in found)
    queries = _read_files(paths)
    chosen = tuple(query for query in queries if split in (None, query.split))
    if not chosen:
        known = ", ".join(sorted({query.split for query in queries} - {""}))
        names = ", ".join(map(str, paths))
        remedy = f"its splits are {known}" if known else "it has none: leave the split out"
        raise UsageError(f"{names} holds no queries of the split {split}; {remedy}")
    return chosen


def unknown_notes(queries: Iterable[JudgedQuery], known: Container[str]) -> tuple[str, ...]:
    """List the judged ids that are neither id nor path of a known note, sorted.

    They can never be found, and a figure that counts them says nothing about the search.
    """
    judged = {name for query in queries for name in query.judged_notes}
    return tuple(sorted(name for name in judged if name not in known))


# ---------------------------------------------------------------- the files


def _read_files(paths: Sequence[Path]) -> list[JudgedQuery]:
    """Read the queries of all files, each with the passages that were graded for it."""
    queries: dict[str, JudgedQuery] = {}
    graded: dict[str, tuple[str, tuple[JudgedPassage, ...]]] = {}  # by query: place, passages
    for path in paths:
        items = list(_items(path))
        if not items:
            raise SettingsError(f"{path} holds no queries; write at least one")
        for place, item in items:
            values = _mapping(item, place)
            name = read_text(values, "id", place)
            if "judged" in values:
                if name in graded:
                    raise SettingsError(f"{place}: passages of {name} came before; join the two")
                graded[name] = place, _passages(values["judged"], place)
                if not {"text", "q"} & values.keys():
                    continue
            if name in queries:
                raise SettingsError(f"{place}: the id {name} came before; give each its own")
            queries[name] = _query(values, name, place)
    for name, (place, passages) in graded.items():
        if name not in queries:
            raise SettingsError(
                f"{place}: grades passages for the query {name}, which has no text; "
                "name the file of its text too"
            )
        queries[name] = _with_passages(queries[name], passages, place)
    return list(queries.values())


def _with_passages(
    query: JudgedQuery, passages: tuple[JudgedPassage, ...], place: str
) -> JudgedQuery:
    answer = next((passage for passage in passages if passage.grade == ANSWERS), None)
    if answer and not query.has_answer:
        raise SettingsError(
            f"{place}: a passage of {answer.note} answers {query.id}, and relevant says that "
            "nothing does; name that note there, or give the passage a lower grade"
        )
    return replace(query, passages=passages)


def _items(path: Path) -> Iterator[tuple[str, object]]:
    suffix = path.suffix.lower()
    if suffix in (".yaml", ".yml"):
        return _yaml_items(path)
    if suffix in (".jsonl", ".ndjson"):
        return read_json_lines(path)
    if suffix == ".txt":
        return _topics(path)
    raise UsageError(f"{path} is no form of judged queries that is read; give {_READABLE}")


def _yaml_items(path: Path) -> Iterator[tuple[str, object]]:
    """Yield the queries of a YAML file, each with its place."""
    try:
        items = load_yaml(_read_whole(path))
    except YAML_FAULTS as error:
        raise SettingsError(f"{path}{describe_fault(error)}; mend that line") from error
    if not isinstance(items, list | None):
        raise SettingsError(f"{path}: judged queries are a list; begin each with `- id: …`")
    for number, item in enumerate(items or [], 1):
        yield f"{path}, query {number}", item


def _topics(path: Path) -> Iterator[tuple[str, object]]:
    """Yield the lines of a text file as queries that nothing answers."""
    for number, line in enumerate(_read_whole(path).splitlines(), 1):
        if text := line.strip():
            name = f"{path.name}:{number}"
            yield f"{path}, line {number}", {"id": name, "text": text, "relevant": {}}


def _read_whole(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise UsageError(f"{path} does not exist; give {_READABLE}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}; save it as UTF-8 text") from error


# ---------------------------------------------------------------- a query


def _mapping(item: object, place: str) -> Mapping[Any, object]:
    """Return the keys of a query; SettingsError for one that looks misspelt.

    Keys of one's own are fine.
    """
    if not isinstance(item, dict):
        raise SettingsError(f"{place}: a query has keys such as id and text, found {item!r:.60}")
    for key in item:
        near = difflib.get_close_matches(str(key), _KEYS, n=1, cutoff=0.8)
        if near and key not in _KEYS:
            raise SettingsError(f"{place}: unknown key {key}; did you mean {near[0]}?")
    return item


def _query(item: Mapping[Any, object], name: str, place: str) -> JudgedQuery:
    relevant = _relevant(item, place)
    lines = _stretches(item.get("lines", []), place)
    if lines and len(relevant) != 1:
        raise SettingsError(f"{place}: lines are those of one note; name that one as note or path")
    return JudgedQuery(
        id=name,
        text=read_text(item, "text" if "text" in item else "q", place),
        relevant=relevant,
        kind=read_text(item, "kind", place, missing=""),
        split=read_text(item, "split", place, missing=""),
        where=read_text(item, "where", place, missing="") or None,
        section=read_text(item, "section", place, missing="") or None,
        lines=lines,
    )


def _relevant(item: Mapping[Any, object], place: str) -> dict[str, int]:
    """Read what answers: graded notes as `relevant`, or one note by its id or its file."""
    if "relevant" not in item:
        for key in ("note", "path"):
            if key in item:
                return {read_text(item, key, place): 1}
    return _grades(item.get("relevant"), place)


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
    relevant = {
        str(name): grade
        for name, given in value.items()
        if (grade := _grade(given, str(name), place)) > 0
    }
    if value and not relevant:
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


def _passage_grade(value: object, name: str, place: str) -> int:
    grade = _grade(value, name, place)
    if grade > ANSWERS:
        raise SettingsError(f"{place}: passages have grades from 0 to {ANSWERS}, found {grade}")
    return grade


def _stretches(value: object, place: str) -> tuple[Lines, ...]:
    if not isinstance(value, list):
        raise SettingsError(
            f"{place}: lines must be pairs of a first and a last line, as in [[7, 12]], "
            f"found {value!r:.60}"
        )
    return tuple(_stretch(pair, place) for pair in value)


def _stretch(value: object, place: str) -> Lines:
    match value:
        case [int(first), int(last)] if 1 <= first <= last:
            return first, last
    raise SettingsError(
        f"{place}: a stretch of lines is its first and its last line, as in [7, 12], "
        f"found {value!r:.60}"
    )


def _passages(value: object, place: str) -> tuple[JudgedPassage, ...]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise SettingsError(
            f"{place}: judged must be a list of objects with note, lines and grade, "
            f"found {value!r:.60}"
        )
    return tuple(
        JudgedPassage(
            note=(note := read_text(one, "note", place)),
            lines=_stretch(one.get("lines"), place),
            grade=_passage_grade(one.get("grade"), note, place),
        )
        for one in value
    )
