"""What a person says about files that the automatic reading can't know: one rule a glob."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from notesearch.corpus.path_patterns import PathPatterns

# The names of the rows of `corpus.layouts.LAYOUTS`; kept here so that settings can be read
# without loading what reads notes, which a query has no need of.
SPLITS = ("cards", "feed", "rows", "index page", "headings", "bullets", "listing", "none")


@dataclass(frozen=True, slots=True)
class ReadingRule:
    """How the files that match `files` are to be read; what is None stays automatic."""

    files: str  # a pattern in gitignore syntax, relative to the corpus
    split: str | None = None  # one of SPLITS
    level: int | None = None  # with split "headings": the level whose headings are papers
    record_start: str | None = None  # a regular expression: each line it finds opens a note
    inline_tags: bool | None = None  # read #hashtags in prose as tags
    tags: tuple[str, ...] = ()  # tags that every note of these files gets


def rule_for(path: str, rules: Sequence[ReadingRule]) -> ReadingRule | None:
    """Give the first rule whose pattern matches a path."""
    return next((rule for rule in rules if _patterns(rule.files).match(path)), None)


@lru_cache(maxsize=256)
def _patterns(files: str) -> PathPatterns:
    return PathPatterns.from_lines([files])
