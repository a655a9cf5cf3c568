"""Turn a filter into an SQL condition on passages: the only SQL made from filters.

Values are bound, never written in.

What a note must be becomes one list of notes (`p.note IN (SELECT …)`), as much of the tree at a
time as can be: there are fewer notes than passages, and `passages_by_note` then gives the
passages without reading their texts. Every piece is true or false for every row, never NULL, so
that NOT gives exactly the others.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notesearch.index.schema import ROLE_SEPARATOR
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
)

_HALF_KNOWN = (4, 7)  # characters of a date: the year, the month

# Where the file system takes DPO.md and dpo.md for one file, so does a path.
FOLDS_CASE = sys.platform in ("darwin", "win32")


@dataclass(frozen=True, slots=True)
class Condition:
    """An SQL condition on `notes n` and `passages p`, with its values."""

    sql: str
    values: tuple[str | int, ...] = ()
    # Lists the same notes by itself, in a tenth of the time; "" where it is of `passages p` too.
    notes: str = ""
    leaves_out: bool = False  # all but those that it lists


@dataclass(frozen=True, slots=True)
class _Piece:
    """SQL for a part of the tree: on a row of `notes` alone, or on `passages p`."""

    sql: str
    values: tuple[str | int, ...]
    is_of_note: bool
    tag_rows: str = ""  # of tags alone: the same as a condition on `tags`, which needs no `notes`


# Returns the passages that have a phrase: SQL knows nothing of words.
FindPhrase = Callable[[str], NDArray[np.int64]]


def to_condition(
    where: Filter, find_phrase: FindPhrase, *, fold_path_case: bool = FOLDS_CASE
) -> Condition:
    """Turn a filter that is sound (`filters.require_sound`) into SQL."""
    piece = _build(where, find_phrase, fold_path_case)
    if not piece.is_of_note:
        return Condition(piece.sql, piece.values)
    if isinstance(where, Not):  # what is left out is listed: most often that is less
        listed = _notes(_build(where.filter, find_phrase, fold_path_case))
        return Condition(f"n.id NOT IN ({listed})", piece.values, listed, leaves_out=True)
    return Condition(f"n.id IN ({_notes(piece)})", piece.values, _notes(piece))


def _build(where: Filter, find_phrase: FindPhrase, fold: bool) -> _Piece:
    match where:
        case AllOf(parts):
            return _join([_build(part, find_phrase, fold) for part in parts], "AND", "1")
        case AnyOf(parts) if parts and all(isinstance(part, Tag) for part in parts):
            return _tagged([part.name for part in parts if isinstance(part, Tag)])
        case AnyOf(parts):
            return _join([_build(part, find_phrase, fold) for part in parts], "OR", "0")
        case Not(inner):
            piece = _build(inner, find_phrase, fold)
            return _Piece(f"NOT ({piece.sql})", piece.values, piece.is_of_note)
        case PathGlob(pattern):
            return _path(pattern, fold)
        case Phrase(words):
            sql = "p.id IN (SELECT value FROM json_each(?))"
            having = json.dumps(find_phrase(words).tolist())
            return _Piece(sql, (having,), is_of_note=False)
        case _:
            return _leaf(where)


def _join(pieces: list[_Piece], operator: str, empty: str) -> _Piece:
    """Join pieces, those on notes first and in one list of notes where passages are asked too."""
    of_note = [piece for piece in pieces if piece.is_of_note]
    of_passage = [piece for piece in pieces if not piece.is_of_note]
    joined = _glue(of_note, operator, empty, is_of_note=True)
    if not of_passage:
        return joined
    first = [_of_passage(joined)] if of_note else []
    return _glue([*first, *of_passage], operator, empty, is_of_note=False)


def _glue(pieces: list[_Piece], operator: str, empty: str, *, is_of_note: bool) -> _Piece:
    sql = f" {operator} ".join(f"({piece.sql})" for piece in pieces) or empty
    values = tuple(value for piece in pieces for value in piece.values)
    return _Piece(sql, values, is_of_note)


def _of_passage(piece: _Piece) -> _Piece:
    if not piece.is_of_note:
        return piece
    return _Piece(f"p.note IN ({_notes(piece)})", piece.values, is_of_note=False)


def _notes(piece: _Piece) -> str:
    """Ask for the notes that a piece names."""
    if piece.tag_rows:
        return f"SELECT note FROM tags WHERE {piece.tag_rows}"
    return f"SELECT id AS note FROM notes WHERE {piece.sql}"


def _leaf(where: Filter) -> _Piece:
    match where:
        case Tag(name):
            return _tagged([name])
        case Since(date):
            # A date half known is compared as far as it goes: 2024 is since 2024-05.
            half_known = [date[:length] for length in _HALF_KNOWN if length < len(date)]
            is_one = f"date IN ({', '.join('?' * len(half_known))})"
            sql = f"date IS NOT NULL AND date >= ? AND (date >= ? OR {is_one})"
            return _of_note(sql, date[: _HALF_KNOWN[0]], date, *half_known)
        case Until(date):
            return _of_note("date IS NOT NULL AND date < ?", f"{date}~")  # behind all that begin so
        case YearBetween(first, last):
            return _of_note("year IS NOT NULL AND year BETWEEN ? AND ?", first or 0, last or 9999)
        case OnPaper(paper):
            return _of_note("paper IS ?", paper)
        case OfKind(kind):
            return _of_note("kind = ?", kind.value)
        case ByAuthor(name):
            return _of_note("authors GLOB ?", words_glob(_in_json(name)))
        case Titled(words):
            sql = "' ' || title || ' ' GLOB ? OR aliases GLOB ?"
            return _of_note(sql, words_glob(words), words_glob(_in_json(words)))
        case LinksTo(_, found) | LinkedFrom(_, found) if found is not None:
            return _of_note("note_id IN (SELECT value FROM json_each(?))", json.dumps(found))
        case InSection(role):
            wanted = f"{ROLE_SEPARATOR}{role.value}{ROLE_SEPARATOR}"
            return _Piece("instr(p.roles, ?) > 0", (wanted,), is_of_note=False)
        case _:
            raise TypeError(f"{where!r} is no filter")


def _tagged(names: list[str]) -> _Piece:
    # The index keeps the parents of each tag beside it: rl stands where rl/offline does.
    rows = f"normal IN ({', '.join('?' * len(names))})"
    sql = f"id IN (SELECT note FROM tags WHERE {rows})"
    return _Piece(sql, tuple(names), is_of_note=True, tag_rows=rows)


def _in_json(words: str) -> str:
    """Spell words as they stand in a list of the catalog: names in quotes, and commas between.

    The quotes end a word as a space would, so that the list is looked at as one text.
    """
    return json.dumps(words, ensure_ascii=False)[1:-1]


def _of_note(sql: str, *values: str | int) -> _Piece:
    return _Piece(sql, values, is_of_note=True)


def _path(pattern: str, fold: bool) -> _Piece:
    globs = path_globs(pattern, fold_case=fold)
    sql = " OR ".join(["path GLOB ?"] * len(globs))
    return _of_note(f"file IN (SELECT id FROM files WHERE {sql})", *globs)


# ---------------------------------------------------------------- patterns for GLOB
# GLOB has `*`, `?` and `[…]`; letters of both cases stand in a class: `[dD][pP][oO]`. LIKE would
# fold the case of English letters alone.

# A class as shells write it: `[abc]`, `[!a-c]`, `[]]`; any other `[` stands for itself.
_CLASS = re.compile(r"\[(?![!^]\])([!^]?)(\]?[^\]/]+|\])\]")


# What a word does not hold. Latin, Greek, Cyrillic and the like have words between spaces; Chinese
# and Japanese have none, so that a word is found anywhere among theirs.
_EDGE = "[^a-zA-Z0-9\u00c0-\u1fff]"


def path_globs(pattern: str, *, fold_case: bool = False) -> tuple[str, ...]:
    """Build the patterns for the path of a file: itself, or anything below it.

    `**/` is any number of folders, none included.
    """
    is_folder = pattern.endswith("/")
    inner = re.sub(r"^(?:\*\*/)+", "", pattern)
    is_anywhere = "/" not in pattern or inner != pattern
    globs: list[str] = []
    for variant in dict.fromkeys((inner, inner.replace("/**/", "/"))):
        glob = "".join(_path_pieces(variant.rstrip("/"), fold_case))
        # A `*` of GLOB stands for folders too.
        for start in (glob, f"*/{glob}") if is_anywhere and glob[:1] != "*" else (glob,):
            globs.extend((f"{start}/*",) if is_folder else (start, f"{start}/*"))
    return tuple(globs)


def words_glob(words: str) -> str:
    """Build the pattern for a text, with a space before and behind, that holds these words whole.

    The case is left out; `*` stands for any characters.
    """
    core = "".join("*" if char == "*" else _letter(char, fold_case=True) for char in words)
    core = re.sub(r"\*+", "*", core)
    return f"*{_EDGE}{core}{_EDGE}*"


def _path_pieces(pattern: str, fold_case: bool) -> list[str]:
    pieces: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "[" and (match := _CLASS.match(pattern, at)):
            pieces.append(_class(match, fold_case))
            at = match.end()
            continue
        if char != "*" or not pieces or pieces[-1] != "*":
            pieces.append(char if char in "*?" else _letter(char, fold_case=fold_case))
        at += 1
    return pieces


def _class(match: re.Match[str], fold_case: bool) -> str:
    members = match[2]
    if fold_case:
        members += "".join(_cases(char) for char in members if char.isalpha())
    return f"[{'^' if match[1] else ''}{members}]"


def _letter(char: str, *, fold_case: bool) -> str:
    """Write one character so that GLOB takes it for itself, or for both of its cases."""
    both = _cases(char) if fold_case else ""
    if both:
        return f"[{both}]"
    return f"[{char}]" if char in "*?[" else char


def _cases(char: str) -> str:
    """Return both cases of a letter; "" where there is one, or one is several characters long."""
    cases = sorted({case for case in (char, char.lower(), char.upper()) if len(case) == 1})
    return "".join(cases) if len(cases) > 1 else ""
