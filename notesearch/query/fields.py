"""The names before a colon and how their values are read: one line of the table a field."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass

from notesearch.query.date_values import (
    read_before,
    read_date,
    read_since,
    read_until,
    read_year,
)
from notesearch.query.filters import (
    ByAuthor,
    Filter,
    InSection,
    OfKind,
    OnPaper,
    PathGlob,
    Tag,
    Titled,
)
from notesearch.query.flaws import Flaw, in_short
from notesearch.records import NoteKind, Role
from notesearch.spelling import normalise_paper, normalise_tag, role_of


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
    role = role_by_name(value) or role_of(value)
    if role is not None:
        return InSection(role)
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
        f"{in_short(value)} is no kind of note", "there are note, digest-part and index-page"
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


def _has_word(text: str) -> bool:
    return any(map(str.isalnum, text))


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
    """Return whether one letter is missing, too many, swapped, or in a long name another one.

    In a short name another letter makes another word: data, tab, math, find.
    """
    if len(typed) == len(name):
        wrong = [
            place for place, pair in enumerate(zip(typed, name, strict=True)) if len(set(pair)) > 1
        ]
        if len(wrong) == 2:
            first, second = wrong
            return second == first + 1 and typed[first : second + 1] == name[second] + name[first]
        return len(wrong) == 1 and len(name) >= 6
    short, long = sorted((typed, name), key=len)
    return len(long) == len(short) + 1 and any(
        long[:place] + long[place + 1 :] == short for place in range(len(long))
    )
