"""Text in, the year of the paper out: from its title, or its line of authors and venue.

The year of a paper and the date of the note on it are two things; dates.py reads the other.
"""

from __future__ import annotations

import re

from notesearch.corpus.facts.dates import FIRST_YEAR, LAST_YEAR, parse_date
from notesearch.corpus.search_text.rewriting import word_set

# A longer line is prose, and is not searched.
_MAX_LINE = 400

YEAR_KEYS = (
    "year", "paper_year", "publication_year", "pub_year", "published", "publication_date",
    "date_published", "publication",
)  # fmt: skip
"""Front-matter keys of the paper's year, the most telling first."""

_BRACKETS = re.compile(r"[(\[]([^()\[\]]{1,60})\\?[)\]]")
_LONE_YEAR_END = re.compile(r"\s{0,4}\(((?:19|20|21)\d\d)\)\s{0,4}$")
_YEAR_AT_END = re.compile(r"(?:^|[\s,;'’@-])((?:19|20|21)\d\d)$|[A-Za-z]\s?['’`](\d\d)$")
_YEAR_AT_START = re.compile(r"((?:19|20|21)\d\d)[\s,]")


def year_from_title(title: str) -> tuple[int | None, str]:
    """Read the year of `Name (2017)` or `[ICLR 2018] Name`; return it with the title.

    Only a lone year in round brackets at the end is taken off the title.
    """
    if lone := _LONE_YEAR_END.search(title, max(0, len(title) - 16)):
        year = _year(lone[1])
        rest = title[: lone.start()].rstrip()
        if year is not None:
            return year, rest or title
    for brackets in _BRACKETS.finditer(title[:_MAX_LINE]):
        inside = brackets[1].strip(" \\")
        if parse_date(inside) not in (None, inside[:4]):
            continue  # the day of a log's entry
        match = _YEAR_AT_END.search(inside) or _YEAR_AT_START.match(inside)
        if match is not None:
            return _year(next(group for group in match.groups() if group)), title
    return None, title


_PARTICLES = word_set("al and bin da de del den der di dos el et la le ten van von y & al.")
_PROSE = word_set(
    "we this these those is are was were that which has have had can they it you i our"
)
_VENUE_YEAR = re.compile(
    r"(?:.{0,120}[^\d])?((?:19|20|21)\d\d)"
    r"(?:\s(?:version|preprint|workshop|oral|spotlight)(?:\son\s.{1,60})?|\)\s[\d:–-]{1,20})?"
    r"|.{1,40}[A-Za-z]\s?['’](\d\d)",
    re.IGNORECASE,
)
# What no sentence ends in: with it, `But is it Good?` is the title of a paper.
_REFERENCE_END = re.compile(r"[A-Z][\w&'’-]*(?:\s[A-Z][\w&'’-]*){0,3}\s(?:19|20)\d\d")
_QUOTED_TITLE = re.compile(r"\s[\"“][^\"“”]{8,250}[\"”],?\s")
# An initial's full stop ends no part.
_END_OF_PART = re.compile(r"[,;]\s|(?<!\b[A-Z])\.\s|[,;.]$")


_ADDRESS = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)|https?://\S+")
_NAME = re.compile(r"(?!\d)[\w.'’-]+")


def year_from_venue_line(line: str) -> int | None:
    """Read the year of a line of authors, venue and year: `Ada Lee et al., Jan 2018, ICLR`."""
    if len(line) > _MAX_LINE:
        return None
    text = _ADDRESS.sub(r"\1", line).strip(" \t\r\n\u00a0-*+_>|")
    if '"' in text or "“" in text:
        text = _QUOTED_TITLE.sub(", ", text)
    parts = [part.strip(" *_()[]") for part in _END_OF_PART.split(text)]
    parts = [part for part in parts if part]
    if len(parts) < 2 or not is_person(parts[0]):
        return None
    if _PROSE & set(text.split()) and not _REFERENCE_END.fullmatch(parts[-1]):
        return None
    for part in reversed(parts[1:]):
        if match := _VENUE_YEAR.fullmatch(part):
            return _year(match[1] or match[2])
    return None


def is_person(text: str) -> bool:
    """Say whether a text reads as a name or two: two to six words with capitals, no digits."""
    words = text.split()
    names = [word for word in words if word not in _PARTICLES]
    named = all(word[0].isupper() and _NAME.fullmatch(word) for word in names)
    return 2 <= len(words) <= 6 and bool(names) and named


def _year(digits: str) -> int | None:
    """Read a year of four digits, or of two (`'17`) as the one that is nearest to today."""
    year = int(digits)
    if len(digits) == 2:
        year += 2000 if year < 70 else 1900
    return year if FIRST_YEAR <= year <= LAST_YEAR else None
