"""What a passage must be, as a tree of small values: `Tag("dpo") & ~Tag("survey")`.

`str` gives the query text of a filter, and the query line reads that text back to an equal
filter. `index/filter_sql.py` is the one place that turns the tree into SQL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from notesearch.errors import UsageError
from notesearch.records import NoteKind, Role


class Filter:
    """A condition on passages; combine with `&`, `|` and `~`."""

    __slots__ = ()

    def __and__(self, other: Filter) -> AllOf:
        return AllOf((*_parts(self, AllOf), *_parts(other, AllOf)))

    def __or__(self, other: Filter) -> AnyOf:
        return AnyOf((*_parts(self, AnyOf), *_parts(other, AnyOf)))

    def __invert__(self) -> Filter:
        return self.filter if isinstance(self, Not) else Not(self)


# ---------------------------------------------------------------- what joins filters


@dataclass(frozen=True, slots=True)
class AllOf(Filter):
    """Passages that meet every part; all passages when there is none."""

    parts: tuple[Filter, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))  # a list cannot be remembered

    def __str__(self) -> str:
        return " ".join(map(_as_part, self.parts))


@dataclass(frozen=True, slots=True)
class AnyOf(Filter):
    """Passages that meet at least one part; no passage when there is none."""

    parts: tuple[Filter, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))

    def __str__(self) -> str:
        return " OR ".join(map(_as_part, self.parts))


@dataclass(frozen=True, slots=True)
class Not(Filter):
    """Every passage that the filter does not find, those without a date or tag among them."""

    filter: Filter

    def __str__(self) -> str:
        inner = str(self.filter)
        return f"-({inner})" if isinstance(self.filter, Not) else f"-{_as_part(self.filter)}"


# ---------------------------------------------------------------- what a note is


@dataclass(frozen=True, slots=True)
class Tag(Filter):
    """Notes with this tag or one below it, written in the note or given by its folder."""

    name: str  # in normal form: "rl/offline-rl"

    def __str__(self) -> str:
        return _field("tag", self.name)


@dataclass(frozen=True, slots=True)
class Since(Filter):
    """Notes dated on the first day of this date or later.

    A date counts as far as it is known: a note of 2025 may be of June, so since:2025-06 finds
    it, and until:2025-03 finds it too.
    """

    date: str  # 2025, 2025-06 or 2025-06-30

    def __str__(self) -> str:
        return _field("since", self.date)


@dataclass(frozen=True, slots=True)
class Until(Filter):
    """Notes dated on the last day of this date or earlier; see `Since` for dates half known."""

    date: str

    def __str__(self) -> str:
        return _field("until", self.date)


@dataclass(frozen=True, slots=True)
class YearBetween(Filter):
    """Notes on papers of these years, both included; None leaves an end open."""

    first: int | None
    last: int | None

    def __str__(self) -> str:
        if self.first == self.last:
            return _field("year", str(self.first))
        first, last = ("" if year is None else str(year) for year in (self.first, self.last))
        return _field("year", f"{first}..{last}")


@dataclass(frozen=True, slots=True)
class PathGlob(Filter):
    """Notes in files whose path, or a folder above them, matches.

    `*` stands for any characters, folders included, `?` for one, `[a-c]` for one of these. A
    pattern with a `/` begins at the corpus, one without is the name of a file or folder anywhere.
    """

    pattern: str

    def __str__(self) -> str:
        return _field("path", self.pattern)


@dataclass(frozen=True, slots=True)
class OnPaper(Filter):
    """Notes on this paper."""

    paper: str  # "arxiv:2305.18290"

    def __str__(self) -> str:
        return _field("paper", self.paper)


@dataclass(frozen=True, slots=True)
class OfKind(Filter):
    """Whole notes, parts of digests, or index pages."""

    kind: NoteKind

    def __str__(self) -> str:
        return _field("kind", self.kind.value.replace(" ", "-"))


@dataclass(frozen=True, slots=True)
class ByAuthor(Filter):
    """Notes on papers with an author whose name has these words; `*` is any characters."""

    name: str

    def __str__(self) -> str:
        return _field("author", self.name)


@dataclass(frozen=True, slots=True)
class Titled(Filter):
    """Notes whose title, or another name they go by, holds these words, as in `ByAuthor`."""

    words: str

    def __str__(self) -> str:
        return _field("title", self.words)


@dataclass(frozen=True, slots=True)
class LinksTo(Filter):
    """Notes with a link to another note, which goes by any name that `show` takes."""

    note: str
    found: tuple[str, ...] | None = None  # the ids of those notes, once an index has been asked

    def __str__(self) -> str:
        return _field("links-to", self.note)


@dataclass(frozen=True, slots=True)
class LinkedFrom(Filter):
    """Notes that another note has a link to; see `LinksTo`."""

    note: str
    found: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return _field("linked-from", self.note)


# ---------------------------------------------------------------- what a passage is


@dataclass(frozen=True, slots=True)
class InSection(Filter):
    """Passages from sections with this role."""

    role: Role

    def __str__(self) -> str:
        return _field("section", self.role.value.replace(" ", "-"))


@dataclass(frozen=True, slots=True)
class Phrase(Filter):
    """Passages that say these words one after the other, up to case and word endings."""

    words: str

    def __str__(self) -> str:
        return quoted(self.words)


# ---------------------------------------------------------------- walking and showing

# SQLite takes brackets in brackets, and parts joined by AND, only up to a number.
_MAX_DEPTH = 24
_MAX_LEAVES = 250
_LEAVES = (
    *(Tag, Since, Until, YearBetween, PathGlob, OnPaper, OfKind, ByAuthor, Titled),
    *(LinksTo, LinkedFrom),
    *(InSection, Phrase),
)


def leaves(where: Filter) -> Iterator[Filter]:
    """Return the filters of a tree that hold no others, from left to right."""
    waiting = [where]
    while waiting:
        node = waiting.pop()
        if isinstance(node, AllOf | AnyOf):
            waiting.extend(reversed(node.parts))
        elif isinstance(node, Not):
            waiting.append(node.filter)
        else:
            yield node


def with_leaves(where: Filter, change: Callable[[Filter], Filter]) -> Filter:
    """Return a sound tree with another filter for each that holds no others."""
    if isinstance(where, AllOf | AnyOf):
        return replace(where, parts=tuple(with_leaves(part, change) for part in where.parts))
    if isinstance(where, Not):
        return Not(with_leaves(where.filter, change))
    return change(where)


def require_sound(where: Filter) -> None:
    """Raise UsageError for a tree too large for a statement, or with something else in it."""
    waiting = [(where, 1)]
    count = 0
    while waiting:
        node, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            raise UsageError(f"this filter is more than {_MAX_DEPTH} deep; ask with fewer brackets")
        if isinstance(node, AllOf | AnyOf):
            waiting.extend((part, depth + 1) for part in node.parts)
        elif isinstance(node, Not):
            waiting.append((node.filter, depth + 1))
        else:
            _require_leaf(node)
            count += 1
    if count > _MAX_LEAVES:
        raise UsageError(f"this filter has {count} parts; ask with at most {_MAX_LEAVES}")


def _require_leaf(node: object) -> None:
    try:
        hash(node)
    except TypeError as error:
        raise UsageError(f"{node!r:.200} is no filter: {error}") from error
    if not isinstance(node, _LEAVES):
        raise UsageError(f"{node!r:.200} is no filter; there are those of notesearch.query.filters")


def all_of(parts: Sequence[Filter]) -> Filter | None:
    """Make one filter of several that must all let a passage through; None of none."""
    return AllOf(tuple(parts)) if len(parts) > 1 else next(iter(parts), None)


def quoted(text: str) -> str:
    """Put a text in quotes as the query line reads them: a quote inside stands twice."""
    return '"' + text.replace('"', '""') + '"'


# What ends a value, parts it, or opens quotes in it.
_NEEDS_QUOTES = re.compile(r'[\s,()"“]')


def _field(name: str, value: str) -> str:
    return f"{name}:{quoted(value) if _NEEDS_QUOTES.search(value) else value}"


def _as_part(part: Filter) -> str:
    return f"({part})" if isinstance(part, AllOf | AnyOf) else str(part)


def _parts(where: Filter, kind: type[AllOf] | type[AnyOf]) -> tuple[Filter, ...]:
    return where.parts if isinstance(where, kind) else (where,)
