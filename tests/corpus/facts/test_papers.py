from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from notesearch.corpus.facts.papers import (
    is_paper_line,
    links,
    paper_id_from_value,
    year_from_id,
)
from tests.linear_time import assert_linear

CASES: dict[str, list[Any]] = yaml.safe_load(
    Path(__file__).with_name("paper_cases.yaml").read_text(encoding="utf-8")
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@pytest.mark.parametrize(("text", "urls"), CASES["links"])
def test_addresses_lose_what_belongs_to_the_sentence(text: str, urls: list[str]) -> None:
    assert links(text) == tuple(urls)


@pytest.mark.parametrize(("key", "value", "identity"), CASES["values"])
def test_front_matter_value_names_the_paper(key: str, value: object, identity: str | None) -> None:
    assert paper_id_from_value(key, value) == identity


@pytest.mark.parametrize(("identity", "year"), CASES["years"])
def test_identity_carries_its_year(identity: str, year: int | None) -> None:
    assert year_from_id(identity) == year


@given(st.text() | st.text(alphabet="https://a.b(c)[d]<e>.,", max_size=60))
def test_any_text_is_read(text: str) -> None:
    assert all(url.lower().startswith("http") for url in links(text))
    assert year_from_id(text) is None or isinstance(year_from_id(text), int)


@given(st.text(), SCALARS | st.lists(SCALARS) | st.dictionaries(st.text(), SCALARS))
def test_any_value_is_read(key: str, value: object) -> None:
    assert paper_id_from_value(key, value) is None or key
    assert paper_id_from_value("arxiv", value) is None or value


@pytest.mark.parametrize("unit", ["https://", "https://a(", "https://a](", "("])
def test_line_without_end_is_read_in_linear_time(unit: str) -> None:
    def read(size: int) -> None:
        line = unit * (size // len(unit))
        assert isinstance(links(line), tuple)
        assert is_paper_line(line) in (True, False)

    assert_linear(read, 50_000)
