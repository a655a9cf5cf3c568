"""Read dates as ISO strings, as precise as they were written: 2026-05-12, 2020-06, 2018.

They are dates of a note; the year of its paper is another thing, which facts/__init__.py reads.
Text without a date, or with an impossible one (2020-02-31), gives None.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date

_FIRST_YEAR, _LAST_YEAR = 1900, 2100
# A date stands in a short text; a longer line is prose, and is not searched.
_MAX_DATE, _MAX_LINE = 64, 400

_DATE_KEYS = (
    "date", "created", "date_created", "created_at", "creation_date", "added", "date_added",
    "read", "date_read", "read_on", "reviewed", "posted", "updated", "last_updated", "modified",
    "lastmod", "last_modified", "updated_at",
)  # fmt: skip  # the most telling first

_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTHS = {"sept": 9} | {
    spelling: number
    for number, name in enumerate(_MONTH_NAMES, start=1)
    for spelling in (name, name[:3])
}
_MONTH = r"(?P<name>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20|21)\d\d)"
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}\.?,?\s{1,3})?"
_GAP = r"[\s,./-]{1,3}"

# Each form once; the order decides where a text could be read in two ways.
_DIGIT = re.compile(r"\d")
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_YEAR}(?P<sep>[-/._])(?P<month>\d{{1,2}})(?P=sep){_DAY}(?!\d)",
        rf"{_YEAR}\s?年\s?(?P<month>\d{{1,2}})\s?月(?:\s?{_DAY}\s?日)?",
        rf"{_YEAR}(?P<month>[01]\d)(?P<day>[0-3]\d)(?!\d)",
        rf"(?P<first>\d{{1,2}})(?P<sep>[-/.])(?P<second>\d{{1,2}})(?P=sep){_YEAR}(?!\d)",
        rf"(?P<month>\d{{1,2}})\s?/\s?{_YEAR}(?!\d)",
        rf"{_WEEKDAY}{_MONTH}{_GAP}{_DAY}{_GAP}{_YEAR}(?!\d)",
        rf"{_WEEKDAY}{_DAY}(?:\sof)?{_GAP}{_MONTH}{_GAP}{_YEAR}(?!\d)",
        rf"{_YEAR}{_GAP}{_MONTH}(?:{_GAP}{_DAY}(?!\d))?(?!\w)",
        rf"{_MONTH}{_GAP}{_YEAR}(?!\d)",
        rf"{_YEAR}[-/._](?P<month>\d{{1,2}})(?!\d)",
        rf"{_YEAR}(?!\d)",
    )
)

_TIME = re.compile(
    r"[T\s,]{1,3}\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?\s?(?:[ap]\.?m\.?)?"
    r"\s?(?:Z|UTC|GMT|[A-Z]{3,4}|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_ORG_STAMP = re.compile(r"[<\[](\d{4}-\d{2}-\d{2})(?:\s[^\[\]<>]{0,40})?[>\]]")


def find_date(path: str, fields: Mapping[str, object], head: Sequence[str] = ()) -> str | None:
    """Find the date of a note: in its front matter, its name, its first lines, its folders."""
    given = (date_from_value(fields[key]) for key in _DATE_KEYS if key in fields)
    return (
        next(filter(None, given), None)
        or date_from_name(path.rsplit("/", 1)[-1])[0]
        or next(filter(None, map(date_from_line, head)), None)
        or date_from_folders(path)[0]
    )


def parse_date(text: str) -> str | None:
    """Read a text that is a date and nothing else, in any form that notes use."""
    if len(text) > _MAX_LINE:
        return None
    text = unicodedata.normalize("NFKC", text).replace("\u200b", "").strip()
    if len(text) > _MAX_DATE:
        return None
    stamp = _ORG_STAMP.fullmatch(text)
    iso, rest = _date_at_start(stamp[1] if stamp else text.strip("<>[](){}\"'“”‘’`*_.,:; "))
    return iso if not rest or _TIME.fullmatch(rest) else None


def read_year(digits: str) -> int | None:
    """Read a year of four digits, or of two (`'17`) as one of the years 1960 to 2059."""
    year = int(digits)
    if len(digits) == 2:
        year += 2000 if year < 60 else 1900
    return year if _FIRST_YEAR <= year <= _LAST_YEAR else None


def date_from_value(value: object) -> str | None:
    """Read a front-matter value: a date, a date with time, a year, or text."""
    if isinstance(value, list):  # an unquoted [[2020-06-03]] is a list in a list
        return date_from_value(value[0]) if value else None
    if isinstance(value, date):  # a datetime is one too
        return _iso(value.year, value.month, value.day)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return parse_date(str(value)) if _FIRST_YEAR <= value <= 99999999 else None
    if isinstance(value, str):
        return _leading_date(value)
    return None


_LINE_MARKS = re.compile(r"(?:\s|[-*+>#_~|]|\d{1,3}[.)]\s){1,40}")
_DATE_FIELD = re.compile(
    r"(?:#\+|:)?(?:note |last |first |date |hugo_)?"
    r"(?:date|created|creation|added|add|read|reviewed|updated?|modified|posted|written|lastmod)"
    r"(?: at| on| date| time)?(?P<after>[\s:：=*_]{1,12})(?P<value>\S.*)",
    re.IGNORECASE,
)


def date_from_line(line: str) -> str | None:
    """Read the note's date from a line that says it: a field, a date alone, a feed's footer."""
    if len(line) > _MAX_LINE:
        return None
    if known := feed_line(line) or (read_line(line) or ("",))[0]:
        return known
    text = unicodedata.normalize("NFKC", line).strip()
    marks = _LINE_MARKS.match(text)
    text = text[marks.end() :] if marks else text
    field = _DATE_FIELD.fullmatch(text)
    if field is None:
        alone = parse_date(text)
        # A year alone on a line is the paper's, or a chapter's; a month is when it was read.
        return alone if alone and "-" in alone else None
    return _leading_date(field["value"].strip("*_ "))


_READ = re.compile(r"\W{0,6}(?:date )?read(?: on)?\W{1,6}(\d{4}-\d{2}-\d{2})(.*)", re.IGNORECASE)


def read_line(line: str) -> tuple[str, str] | None:
    """Read `read 2026-05-12dpoalignmentrlhf`: the date, and the tags that ran into it."""
    if len(line) > _MAX_LINE:
        return None
    match = _READ.fullmatch(line.strip())
    day = parse_date(match[1]) if match else None
    return (day, match[2].strip(" \t\u00a0*_")) if match and day else None


_MINUTES = r"\d{1,3}\s?min(?:ute)?s?(?:\s(?:read|listen|watch))?"
_DOT = r"\s{0,3}[•·∙‧●|–—-]\s{0,3}"
_FEED = re.compile(
    rf"(?P<before>[^•·∙‧●|]{{4,40}}?){_DOT}{_MINUTES}|{_MINUTES}{_DOT}(?P<after>[^•·∙‧●|]{{4,40}})",
    re.IGNORECASE,
)


def feed_line(line: str) -> str | None:
    """Read `May 21, 2025•18 min`, the line that closes a post in a copied feed."""
    if len(line) > _MAX_LINE:
        return None
    match = _FEED.fullmatch(line.strip(" \t\r\n\u00a0*_"))
    return parse_date(match["before"] or match["after"]) if match else None


_NAME_DATE = re.compile(
    r"\d{4}([-_. ])\d{1,2}\1\d{1,2}(?!\d)|\d{8}(?=(?:\d{4}|\d{6})?(?!\d))|\d{4}[-_.]\d{1,2}(?!\d)"
)
_NAME_END_DATE = re.compile(r"[-_ (\[]{1,3}(\d{4}([-_.])\d{1,2}\2\d{1,2}|\d{8})[)\]]?$")


def date_from_name(file_name: str) -> tuple[str | None, str]:
    """Read the date of `2018-1-6-name.md`; return it with the name that is left (`name.md`).

    A name that is a date and nothing more is given back whole, so that there is a name.
    """
    stem, dot, extension = file_name.rpartition(".")
    if not dot or not extension.isalnum() or extension.isdigit() or len(extension) > 10:
        stem, dot, extension = file_name, "", ""
    if match := _NAME_DATE.match(stem):
        day = parse_date(re.sub(r"[_ ]", "-", match[0]))
        # A zettel's number is a date with the time of day behind it.
        time_of_day = "0123456789" if match[0].isdigit() else ""
        rest = stem[match.end() :].lstrip(time_of_day).lstrip("-_. ")
    elif match := _NAME_END_DATE.search(stem[-16:]):
        day = parse_date(match[1].replace("_", "-"))
        rest = stem[: len(stem) - len(match[0])]
    else:
        return None, file_name
    if day is None:
        return None, file_name
    return day, rest + dot + extension if rest else file_name


def date_from_folders(path: str) -> tuple[str | None, list[str]]:
    """Read the date of the folders of a note: `2014/september/x.md` is of 2014-09.

    Return it with the other folders. `09` is a month only below a year, however far.
    """
    found: str | None = None
    others = []
    for folder in re.split(r"[/\\]", path)[:-1]:
        if whole := parse_date(folder):
            found = whole
        elif found and (number := _month_or_day(folder)):
            found = parse_date(f"{found}-{number}") or found
        else:
            others.append(folder)
    return found, others


def _date_at_start(text: str) -> tuple[str | None, str]:
    """Read the date that a text begins with; return it with the text behind it."""
    if _DIGIT.search(text):
        for match in filter(None, (form.match(text) for form in _FORMS)):
            if iso := _from_match(match):
                return iso, text[match.end() :]
    return None, text


_GOES_ON = re.compile(r"\w|[-/._]\d")  # 2020-02-31 is not the February before it


def _leading_date(text: str) -> str | None:
    """Read a date, or a month or day that other words follow; `2018 was` is too little."""
    if len(text) > _MAX_LINE:
        return None
    if whole := parse_date(text):
        return whole
    iso, rest = _date_at_start(unicodedata.normalize("NFKC", text).lstrip("<[(*_\"' "))
    return iso if iso and "-" in iso and not _GOES_ON.match(rest) else None


def _from_match(match: re.Match[str]) -> str | None:
    """Return the date in the named groups of a form, or None for an impossible one."""
    parts = match.groupdict()
    month, day = parts.get("month"), parts.get("day")
    if first := parts.get("first"):
        # American, with the month first, unless a dot or the number shows the day first.
        month, day = first, parts["second"]
        if int(first) > 12 or (parts["sep"] == "." and int(day) <= 12):
            month, day = day, month
    elif name := parts.get("name"):
        month = _MONTHS.get(name.lower(), 13)
    return _iso(parts["year"], month, day)


def _iso(*parts: int | str | None) -> str | None:
    """Write year, month and day as far as they are known; None where there is no such day."""
    numbers = [int(part) for part in parts if part is not None]
    if not _FIRST_YEAR <= numbers[0] <= _LAST_YEAR:
        return None
    try:
        date(*[*numbers, 1, 1][:3])
    except ValueError:
        return None
    return "-".join(f"{number:02}" for number in numbers)


def _month_or_day(name: str) -> str | None:
    """Read a folder inside a dated one: `september`, `Sep`, `09`; two digits, or None."""
    plain = name.strip().lower()
    if plain.isascii() and plain.isdigit() and len(plain) <= 2:
        return plain.zfill(2)
    return f"{_MONTHS[plain]:02}" if plain in _MONTHS else None


_MONTH_AND_DAY = re.compile(rf"\b{_MONTH}(?:\s+{_DAY}(?!\d))?", re.IGNORECASE)
_ANY_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def date_from_heading(heading: str) -> str | None:
    """Read a heading that is a date, or names a stretch of days: the first of them.

    `Papers of the Week (June 23 - June 29) - 2025` gives 2025-06-23.
    """
    whole = parse_date(heading)
    if whole or len(heading) > _MAX_LINE:
        return whole
    year = _ANY_YEAR.search(heading)
    first = _MONTH_AND_DAY.search(heading)
    if year is None or first is None:
        return None
    day = f" {first['day']}," if first["day"] else ""
    return parse_date(f"{first['name']}{day} {year[0]}")
