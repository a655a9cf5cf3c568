"""Turn a filter into a condition of Qdrant: the only ones made from filters.

Tags, dates, years, papers, kinds, roles and plain paths are values that the engine finds points by.
It has no patterns: paths with `*`, authors and titles are compared here with those of all notes, by
the same SQLite that an index on disk is asked with, and the engine is given the numbers of the
notes that match.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence

import apsw
from qdrant_client import models

from notesearch.index.filter_sql import FOLDS_CASE, path_globs, words_glob
from notesearch.index.qdrant.note_points import day_range
from notesearch.index.qdrant.point_conditions import is_any, is_one_of, is_value, is_within
from notesearch.query.filters import (
    AllOf,
    AnyOf,
    ByAuthor,
    Filter,
    InSection,
    LinkedFrom,
    LinksTo,
    Not,
    OfKind,
    OnPaper,
    PathGlob,
    Phrase,
    Since,
    Tag,
    Titled,
    Until,
    YearBetween,
    leaves,
)

_PATTERN = re.compile(r"[*?\[]")
NOTHING = is_one_of([])

NamesOf = tuple[
    int, str, str, Sequence[str], Sequence[str]
]  # number, path, title, authors, aliases


class NotePatterns:
    """Finds the notes whose path, title or authors match a pattern."""

    def __init__(self, notes: Iterable[NamesOf]) -> None:
        self._connection = apsw.Connection(":memory:")
        self._connection.execute("CREATE TABLE notes (id, path, title, authors, aliases)")
        self._connection.executemany(
            "INSERT INTO notes VALUES (?, ?, ?, ?, ?)",
            (
                (number, path, title, _as_json(authors), _as_json(aliases))
                for number, path, title, authors, aliases in notes
            ),
        )

    def find(self, where: PathGlob | ByAuthor | Titled) -> list[int]:
        """Return the numbers of the notes that match."""
        match where:
            case PathGlob(pattern):
                values = path_globs(pattern, fold_case=FOLDS_CASE)
                sql = " OR ".join(["path GLOB ?"] * len(values))
            case ByAuthor(name):
                values = (words_glob(_in_json(name)),)
                sql = "authors GLOB ?"
            case Titled(words):
                values = (words_glob(words), words_glob(_in_json(words)))
                sql = "' ' || title || ' ' GLOB ? OR aliases GLOB ?"
        rows = self._connection.execute(f"SELECT id FROM notes WHERE {sql}", values)
        return [number for (number,) in rows]


class ConditionMaker:
    """Turns filters into conditions on passages, or on notes."""

    def __init__(
        self, patterns: Callable[[], NotePatterns], code_of: Callable[[str], str | None]
    ) -> None:
        """Take what is asked for patterns, and what codes words; None for one that no text has."""
        self._patterns = patterns
        self._code_of = code_of

    def of_passages(self, where: Filter) -> models.Condition:
        """Return the condition that a passage meets a filter."""
        return self._build(where, lambda notes: is_any("note", notes))

    def of_notes(self, where: Filter) -> models.Condition:
        """Return the condition that a note meets a filter which says nothing of passages."""
        return self._build(where, is_one_of)

    def _build(
        self, where: Filter, list_notes: Callable[[list[int]], models.Condition]
    ) -> models.Condition:
        match where:
            case AllOf(parts):
                return models.Filter(must=[self._build(part, list_notes) for part in parts])
            case AnyOf(parts):
                found = [self._build(part, list_notes) for part in parts]
                return models.Filter(should=found) if found else NOTHING
            case Not(inner):
                return models.Filter(must_not=[self._build(inner, list_notes)])
            case PathGlob(pattern) if not _PATTERN.search(pattern) and not FOLDS_CASE:
                return _at_place(pattern)
            case PathGlob() | ByAuthor() | Titled():
                return list_notes(self._patterns().find(where))
            case Phrase(words):
                return self.having([words])
            case _:
                return _leaf(where)

    def having(self, words: Sequence[str]) -> models.Condition:
        """Return the condition that a passage has words side by side."""
        code = self._code_of(" ".join(words))
        if not code:
            return NOTHING
        return models.FieldCondition(key="words", match=models.MatchPhrase(phrase=code))


def says_nothing_of_passages(where: Filter) -> bool:
    """Return whether a filter lets all passages of a note through, or none."""
    return not any(isinstance(leaf, (InSection, Phrase)) for leaf in leaves(where))


def _leaf(where: Filter) -> models.Condition:
    match where:
        case Tag(name):
            return is_value("tags", name)
        case Since(date):
            return is_within("last_day", least=day_range(date)["first_day"])
        case Until(date):
            return is_within("first_day", most=day_range(date)["last_day"])
        case YearBetween(first, last):
            return is_within("year", least=first or 0, most=last or 9999)
        case OnPaper(paper):
            return is_value("paper", paper)
        case OfKind(kind):
            return is_value("kind", kind.value)
        case LinksTo(_, found) | LinkedFrom(_, found) if found is not None:
            return is_any("note_id", found)
        case InSection(role):
            return is_value("roles", role.value)
        case _:
            raise TypeError(f"{where!r} is no filter")


def _at_place(pattern: str) -> models.Condition:
    """Return the condition that a note lies at a path, or below it."""
    is_folder = pattern.endswith("/")
    inner = re.sub(r"^(?:\*\*/)+", "", pattern)
    name = inner.rstrip("/")
    if "/" in pattern:  # from the top of the corpus
        return is_any("places", [f"{name}/"] if is_folder else [name, f"{name}/"])
    return is_value("parts", name)


def _as_json(texts: Sequence[str]) -> str:
    # As SQLite writes a list that it takes out of JSON.
    return json.dumps(list(texts), ensure_ascii=False, separators=(",", ":"))


def _in_json(words: str) -> str:
    """Spell words as they stand in such a list."""
    return json.dumps(words, ensure_ascii=False)[1:-1]
