"""Rules that a person writes for files: match paths in gitignore syntax, and how to read them.

Patterns come with a folder of notes, so none may take long: a star is never tried at a second
place once what follows it was found. A pattern that backtracks took minutes for a name of 40
signs and `*a` forty times. Paths are matched as git does it: the last line that fits decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from typing import Any, NamedTuple

# The names of the rows of `corpus.layouts.LAYOUTS`; kept here so that settings can be read
# without loading what reads notes, which a query has no need of.
SPLITS = ("cards", "feed", "rows", "index page", "headings", "bullets", "listing", "none")

_ESCAPED = re.compile(r"\\(.)")
_ANY_NAME = re.compile("")


@dataclass(frozen=True, slots=True)
class ReadingRule:
    """How the files that match `files` are to be read; what is None stays automatic."""

    files: str  # a pattern in gitignore syntax, relative to the corpus
    split: str | None = None  # one of SPLITS
    level: int | None = None  # with split "headings": the level whose headings are papers
    record_start: str | None = None  # a regular expression: each line it finds opens a note
    inline_tags: bool | None = None  # read #hashtags in prose as tags
    tags: tuple[str, ...] = ()  # tags that every note of these files gets


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What a person chose for the reading of a corpus."""

    ignore: tuple[str, ...]  # lines in gitignore syntax, beside those of the ignore file
    follow_links: bool  # read files and folders that links lead to outside the corpus
    inline_tags: bool | None  # read #hashtags in prose as tags; None: where the corpus does
    rules: tuple[ReadingRule, ...]
    passage_tokens: int  # the most tokens of a passage, where the model reads as many


def rule_for(path: str, rules: Sequence[ReadingRule]) -> ReadingRule | None:
    """Return the first rule whose pattern matches a path."""
    return next((rule for rule in rules if _patterns(rule.files).match(path)), None)


@lru_cache(maxsize=256)
def _patterns(files: str) -> PathPatterns:
    return PathPatterns.from_lines([files])


def compile_record_start(pattern: str) -> Any:  # noqa: ANN401 - regex has no types
    """Compile the pattern that opens a note at a line; ValueError says what is wrong with it.

    `regex` searches with a limit of time, which `re` has not.
    """
    import regex  # 12 ms that few settings take

    try:
        return regex.compile(pattern)
    except (regex.error, RecursionError) as error:
        raise ValueError(str(error)) from error


class PatternError(ValueError):
    """A line that is not a pattern; the message says why."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(reason)
        self.number = number  # of the line, counted from 1


class _Pattern(NamedTuple):
    """One line: patterns for the names of a path; None stands for any number of names."""

    names: tuple[re.Pattern[str] | None, ...]
    is_anchored: bool  # else any single name of that kind will do
    folders_only: bool
    is_exception: bool  # `!`: takes back what a line above leaves out


@dataclass(frozen=True, slots=True)
class PathPatterns:
    """Patterns in gitignore syntax."""

    _patterns: tuple[_Pattern, ...]  # the last first

    @classmethod
    def from_lines(cls, lines: Iterable[str]) -> PathPatterns:
        """Read lines; PatternError for the first that is not a pattern."""
        read = [_read(line, number) for number, line in enumerate(lines, 1)]
        return cls(tuple(pattern for pattern in reversed(read) if pattern is not None))

    def match(self, path: str) -> bool:
        """Return whether a path matches, or a folder that it lies in; a folder ends in a slash."""
        folders = (path[: slash + 1] for slash, sign in enumerate(path[:-1]) if sign == "/")
        return any(map(self.match_entry, folders)) or self.match_entry(path)

    def match_entry(self, path: str) -> bool:
        """Return whether a path matches by itself, where no folder above it does."""
        names = path.rstrip("/").split("/")
        is_folder = path.endswith("/")
        for pattern in self._patterns:
            if (is_folder or not pattern.folders_only) and _fits(pattern, names):
                return not pattern.is_exception
        return False


def _read(line: str, number: int) -> _Pattern | None:
    """Read a line as git does; None for a comment and for an empty one."""
    if line.startswith("#"):
        return None
    bare = line.rstrip()
    if bare.endswith("\\") and bare != line:
        bare += " "  # an escaped space belongs to the name
    is_exception = bare.startswith("!")
    bare = bare[1:] if is_exception else bare
    folders_only = bare.endswith("/")
    names = [name for name in bare.split("/") if name]
    if not names:
        return None
    is_anchored = "/" in bare.rstrip("/")
    if names[-1] == "**" and is_anchored:
        names.append("*")  # what is in the folder, not the folder
    try:
        patterns = tuple(None if name == "**" else _name_pattern(name) for name in names)
    except ValueError as error:
        raise PatternError(number, f"{line.strip()!r:.80} is no pattern: {error}") from error
    if patterns == (None,):
        patterns = (_ANY_NAME,)
    return _Pattern(patterns, is_anchored, folders_only, is_exception)


def _name_pattern(name: str) -> re.Pattern[str]:
    """Compile the pattern of one name; `translate` tries no star again and again."""
    if len(name) - len(name.rstrip("\\")) & 1:
        raise ValueError("nothing follows its last backslash")
    plain = _ESCAPED.sub(lambda sign: f"[{sign[1]}]" if sign[1] in "*?[" else sign[1], name)
    try:
        return re.compile(translate(plain.replace("[^", "[!")))
    except re.error as error:
        raise ValueError(str(error)) from error


def _fits(pattern: _Pattern, names: Sequence[str]) -> bool:
    """Match names one by one; at a name that does not fit, the last `**` takes one more name."""
    wanted = pattern.names
    if not pattern.is_anchored:
        only = wanted[0]
        return only is not None and only.match(names[-1]) is not None
    at = taken = 0
    again: tuple[int, int] | None = None  # behind the last `**`: where in the pattern, in the names
    while taken < len(names):
        here = wanted[at] if at < len(wanted) else _ANY_NAME
        if here is None:
            at += 1
            again = (at, taken)
        elif at < len(wanted) and here.match(names[taken]):
            at += 1
            taken += 1
        elif again is not None:
            again = (again[0], again[1] + 1)
            at, taken = again
        else:
            return False
    return all(name is None for name in wanted[at:])
