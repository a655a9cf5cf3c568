"""Read dates and years as a query line writes them.

`since` and `until` include the date they name, whole: until:2025-06 ends with the last of June.
`after` and `before` go together as the two ends of a stretch, as in mail programs and web search:
after:2025-06 before:2025-09 is June, July and August.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeVar

from notesearch.query.filters import AllOf, Filter, Since, Until, YearBetween
from notesearch.query.flaws import Flaw, in_short

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
