from __future__ import annotations

import re
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from notesearch.corpus.facts import year_from_venue_line
from notesearch.corpus.facts.dates import (
    date_from_folders,
    date_from_line,
    date_from_name,
    date_from_value,
    feed_line,
    parse_date,
    read_line,
)
from notesearch.corpus.facts.title import year_from_title
from tests.linear_time import assert_linear

CASES: dict[str, list[Any]] = yaml.safe_load(
    Path(__file__).with_name("date_cases.yaml").read_text(encoding="utf-8")
)
DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))
LINES = st.text() | st.text(alphabet="0123456789-/.,:<>[]()•' readMayJunDateupdt", max_size=60)
ISO = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@pytest.mark.parametrize(("text", "iso"), CASES["dates"])
def test_text_is_the_date(text: str, iso: str | None) -> None:
    assert parse_date(text) == iso


@pytest.mark.parametrize(("line", "iso"), CASES["lines"])
def test_line_says_the_date(line: str, iso: str | None) -> None:
    assert date_from_line(line) == iso


@pytest.mark.parametrize(("line", "read"), CASES["read"])
def test_read_line_holds_date_and_tags(line: str, read: list[str] | None) -> None:
    assert read_line(line) == (None if read is None else tuple(read))


@pytest.mark.parametrize(("line", "iso"), CASES["feed"])
def test_feed_line_closes_a_post(line: str, iso: str | None) -> None:
    assert feed_line(line) == iso


@pytest.mark.parametrize(("name", "iso", "rest"), CASES["names"])
def test_file_name_gives_up_its_date(name: str, iso: str | None, rest: str) -> None:
    assert date_from_name(name) == (iso, rest)


@pytest.mark.parametrize(("path", "iso"), CASES["folders"])
def test_folders_hold_the_date(path: str, iso: str | None) -> None:
    assert date_from_folders(path)[0] == iso


@pytest.mark.parametrize(("title", "year", "rest"), CASES["titles"])
def test_title_holds_the_year(title: str, year: int | None, rest: str) -> None:
    assert year_from_title(title) == (year, rest)


@pytest.mark.parametrize(("line", "year"), CASES["venues"])
def test_line_of_authors_and_venue_holds_the_year(line: str, year: int | None) -> None:
    assert year_from_venue_line(line) == year


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        (date(2020, 6, 3), "2020-06-03"),
        (datetime(2020, 6, 3, 10, 30, tzinfo=timezone.utc), "2020-06-03"),
        (2020, "2020"),
        (20200603, "2020-06-03"),
        ("June 2020", "2020-06"),
        ("2020-06-03, revised", "2020-06-03"),
        ([["2020-06-03"]], "2020-06-03"),
        ("{{date}}", None),
        (date(1, 1, 1), None),
        (12, None),
        pytest.param(10**5000, None, id="5000 digits"),
        (2020.06, None),
        (True, None),
        (None, None),
        ([], None),
        ({"date": 1}, None),
    ],
)
def test_front_matter_value_is_the_date(value: object, iso: str | None) -> None:
    assert date_from_value(value) == iso


@given(DAYS)
def test_every_way_of_writing_a_day_gives_the_day(day: date) -> None:
    iso = day.isoformat()
    name = ["Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec"]
    month = name[day.month - 1]
    assert parse_date(iso) == iso
    assert parse_date(f"{day.year}-{day.month}-{day.day}") == iso
    assert parse_date(f"{month} {day.day}, {day.year}") == iso
    assert parse_date(f"{day.day} {month}. {day.year}") == iso
    assert parse_date(f"{day.month}/{day.day}/{day.year}") == iso
    assert parse_date(iso.replace("-", "")) == iso
    assert read_line(f"read {iso}dpo") == (iso, "dpo")
    assert date_from_name(f"{iso}-name.md") == (iso, "name.md")


@given(LINES)
def test_whatever_is_read_is_a_day_month_or_year(text: str) -> None:
    name_date, rest = date_from_name(text)
    assert rest in text or not text
    found = (
        parse_date(text),
        date_from_line(text),
        feed_line(text),
        date_from_folders(text)[0],
        date_from_value(text),
        name_date,
    )
    assert all(iso is None or ISO.fullmatch(iso) for iso in found)
    year, _ = year_from_title(text)
    assert year is None or 1900 <= year <= 2100
    assert year_from_venue_line(text) is None or "," in text or "." in text or ";" in text


@pytest.mark.parametrize("unit", ["2020-", "May ", "1", "(2017", "<", "a, ", " ", "•", "/2014"])
def test_line_without_end_is_no_date_in_linear_time(unit: str) -> None:
    def read(size: int) -> None:
        line = unit * (size // len(unit))
        assert parse_date(line) is None
        assert date_from_line(line) is None
        assert read_line(line) is None
        assert date_from_value(line) is None
        assert date_from_name(line)[1]
        assert year_from_title(line)[1]
        assert year_from_venue_line(line) is None
        assert date_from_folders(line)[0] in (None, "2014")

    assert_linear(read, 50_000)
