"""Read the fields of a query line: one row of the table for each name before a colon."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from notesearch.query.filters import (
    AllOf,
    AnyOf,
    ByAuthor,
    Filter,
    InSection,
    LinkedFrom,
    LinksTo,
    OfKind,
    OnPaper,
    PathGlob,
    Since,
    Tag,
    Titled,
    Until,
    YearBetween,
)
from notesearch.query.flaws import Flaw, in_short
from notesearch.records import NoteKind, Role
from notesearch.spelling import is_a_letter_away, normalise_paper, normalise_tag


def _spelled(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text).strip().casefold()


_ROLES = {role.value: role for role in Role}


def role_by_name(text: str) -> Role | None:
    """Read a role's own name, in any case, with `-` or `_` for a space."""
    return _ROLES.get(_spelled(text))


def _read_tag(value: str) -> Filter | Flaw:
    name = normalise_tag(value)
    return (
        Tag(name)
        if name
        else Flaw(f"{in_short(value)} names no tag", "write a word, as in tag:dpo")
    )


def _read_section(value: str) -> Filter | Flaw:
    from notesearch.section_roles import roles_of  # 5 ms of most queries, which have no such filter

    named = role_by_name(value)
    roles = roles_of(value) if named is None else (named,)
    if roles:
        return InSection(roles[0]) if len(roles) == 1 else AnyOf(tuple(map(InSection, roles)))
    near = difflib.get_close_matches(_spelled(value), _ROLES, n=3, cutoff=0.5)
    names = ", ".join(name.replace(" ", "-") for name in near or _ROLES)
    remedy = f"did you mean {names}?" if near else f"there are {names}"
    return Flaw(f"{in_short(value)} is no kind of section", remedy)


_KINDS = {
    **{kind.value: kind for kind in NoteKind},
    "part": NoteKind.DIGEST_PART,
    "digest": NoteKind.DIGEST_PART,
    "index": NoteKind.INDEX_PAGE,
}


def _read_kind(value: str) -> Filter | Flaw:
    kind = _KINDS.get(_spelled(value))
    if kind is not None:
        return OfKind(kind)
    return Flaw(
        f"{in_short(value)} is no kind of note",
        "there are note, digest-part, index-page and added",
    )


def _read_paper(value: str) -> Filter | Flaw:
    paper = normalise_paper(value)
    if paper is not None:
        return OnPaper(paper)
    return Flaw(
        f"{in_short(value)} is no paper that is known by an id",
        "write an arXiv number, a DOI or an address, as in paper:2305.18290",
    )


def _read_path(value: str) -> Filter | Flaw:
    pattern = re.sub(r"^(?:\.?/)+", "", value)
    if pattern:
        return PathGlob(pattern)
    return Flaw(
        f"{in_short(value)} is the whole corpus", "name a folder or file, as in path:alignment/"
    )


def _read_author(value: str) -> Filter | Flaw:
    if _has_word(value):
        return ByAuthor(" ".join(value.split()))
    return Flaw(f"{in_short(value)} is no name", "write one, as in author:rafailov")


def _read_title(value: str) -> Filter | Flaw:
    if _has_word(value):
        return Titled(" ".join(value.split()))
    return Flaw(f"{in_short(value)} holds no word", "write one, as in title:attention")


def _read_links_to(value: str) -> Filter | Flaw:
    return LinksTo(value.strip())  # which note that is, an index says


def _read_linked_from(value: str) -> Filter | Flaw:
    return LinkedFrom(value.strip())


def _has_word(text: str) -> bool:
    return any(map(str.isalnum, text))


# ---------------------------------------------------------------- dates and years
# `since` and `until` include the date they name, whole: until:2025-06 ends with the last of June.
# `after` and `before` go together as the two ends of a stretch, as in mail programs and web search:
# after:2025-06 before:2025-09 is June, July and August.

_End = TypeVar("_End", Since, Until)

_DATE = re.compile(r"([1-9][0-9]{3})(?:([-/.])([0-9]{1,2})(?:\2([0-9]{1,2}))?)?")
_YEAR = re.compile(r"[1-9][0-9]{3}")
_WRITE_A_DATE = "write a year, month or day, as in 2025, 2025-06 or 2025-06-30"
_WRITE_A_YEAR = "write a year, or a range as in 2020..2023"


def read_since(value: str) -> Filter | Flaw:
    """Read `since:` and `after:`."""
    return _read(value, Since)


def read_until(value: str) -> Filter | Flaw:
    """Read `until:`."""
    return _read(value, Until)


def read_before(value: str) -> Filter | Flaw:
    """Read `before:`: until the year, month or day before the one named."""
    day = _iso(value)
    if isinstance(day, Flaw):
        return day
    earlier = _previous(day)
    if earlier is None:
        return Flaw(f"nothing is dated before {in_short(value)}", _WRITE_A_DATE)
    return Until(earlier)


def read_date(value: str) -> Filter | Flaw:
    """Read `date:`, one date or a range, `2025-01..2025-06`, either end of which may be open."""
    first, dots, last = value.partition("..")
    if not dots:
        last = first
    elif not first and not last:
        return Flaw(f"{in_short(value)} names no date", _WRITE_A_DATE)
    since = _read(first or last, Since)
    until = _read(last or first, Until)
    if isinstance(since, Flaw) or isinstance(until, Flaw):
        return since if isinstance(since, Flaw) else until
    if not (first and last):
        return since if first else until
    if until.date[: len(since.date)] < since.date[: len(until.date)]:
        return Flaw(f"{in_short(value)} ends before it begins", _WRITE_A_DATE)
    return AllOf((since, until))


def read_year(value: str) -> Filter | Flaw:
    """Read `year:`, one year or a range, `2020..2023`, either end of which may be open."""
    first, dots, last = value.partition("..")
    if not dots:
        last = first
    if not (first or last) or not all(_YEAR.fullmatch(text) for text in (first, last) if text):
        return Flaw(f"{in_short(value)} is no year", _WRITE_A_YEAR)
    years = YearBetween(int(first) if first else None, int(last) if last else None)
    if years.first and years.last and years.first > years.last:
        return Flaw(f"{in_short(value)} ends before it begins", _WRITE_A_YEAR)
    return years


def _read(value: str, build: Callable[[str], _End]) -> _End | Flaw:
    day = _iso(value)
    return day if isinstance(day, Flaw) else build(day)


def _iso(value: str) -> str | Flaw:
    """Write a date as the index does, as precise as it was given."""
    match = _DATE.fullmatch(value)
    if match is None:
        return Flaw(f"{in_short(value)} is no date", _WRITE_A_DATE)
    year, _, month, day = match.groups()
    if month is None:
        return str(year)
    if not 1 <= int(month) <= 12:
        return Flaw(f"{in_short(value)} is no date: there is no month {month}", _WRITE_A_DATE)
    if day is None:
        return f"{year}-{int(month):02}"
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return Flaw(f"{in_short(value)} is no date: that month has no day {day}", _WRITE_A_DATE)


def _previous(iso: str) -> str | None:
    """Return the year, month or day before; None before the year 1000, where dates end."""
    whole = date.fromisoformat(iso + "-01-01"[len(iso) - 4 :])
    earlier = (whole - timedelta(days=1)).isoformat()
    return earlier[: len(iso)] if earlier >= "1000" else None


# ---------------------------------------------------------------- the table


@dataclass(frozen=True, slots=True)
class Field:
    """What may stand before a colon."""

    name: str
    read: Callable[[str], Filter | Flaw]
    example: str


_TABLE = (
    Field("tag", _read_tag, "tag:dpo"),
    Field("since", read_since, "since:2025-06"),
    Field("until", read_until, "until:2025-06"),
    Field("after", read_since, "after:2025-06"),
    Field("before", read_before, "before:2025-06"),
    Field("date", read_date, "date:2025-06"),
    Field("year", read_year, "year:2023"),
    Field("section", _read_section, "section:limitations"),
    Field("path", _read_path, "path:alignment/"),
    Field("paper", _read_paper, "paper:2305.18290"),
    Field("kind", _read_kind, "kind:note"),
    Field("author", _read_author, "author:rafailov"),
    Field("title", _read_title, 'title:"direct preference"'),
    Field("links-to", _read_links_to, "links-to:dpo.md"),
    Field("linked-from", _read_linked_from, "linked-from:dpo.md"),
)
FIELDS = {field.name: field for field in _TABLE}
_ALIASES = {
    "tags": "tag", "dates": "date", "years": "year", "sections": "section", "role": "section",
    "roles": "section", "paths": "path", "papers": "paper", "kinds": "kind", "authors": "author",
    "titles": "title",
}  # fmt: skip


def find_field(typed: str) -> Field | None:
    """Find a field by its name or a plural of it, in any case."""
    name = typed.casefold()
    return FIELDS.get(_ALIASES.get(name, name))


def nearly_a_field(typed: str) -> Field | None:
    """Find the field that a slip of the fingers turned into this; None for any other word."""
    name = typed.casefold().strip("-_")
    if len(name) > 12:
        return None
    return find_field(name) or next(
        (FIELDS[known] for known in FIELDS if _is_slip(name, known)), None
    )


def _is_slip(typed: str, name: str) -> bool:
    """Return whether a name is a letter away from another.

    In a short name another letter makes another word: data, tab, math, find.
    """
    is_replaced = len(typed) == len(name) and sorted(typed) != sorted(name)
    return is_a_letter_away(typed, name) and not (is_replaced and len(name) < 6)
