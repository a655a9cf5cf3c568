from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from notesearch.corpus.facts.papers import (
    links,
    normalise_paper,
    paper_id,
    paper_id_from_value,
    paper_ids,
    year_from_id,
)

CASES: dict[str, list[Any]] = yaml.safe_load(
    Path(__file__).with_name("paper_cases.yaml").read_text(encoding="utf-8")
)
IDENTITIES = sorted({identity for _, identity in CASES["identities"] if identity})
FRAGMENTS = """
arxiv arXiv: .org/ abs/ 2305.18290 cs/0112017 10.1145/ a(b) https:// aclweb.org/ P17-1001 )
openreview.net/ forum?id= thecvf.com/ openaccess. _paper v2 .pdf nature.com/articles/ %2F &amp;
"""
PIECES = st.sampled_from([*FRAGMENTS.split(), " "])
TEXTS = st.text() | st.lists(PIECES, max_size=12).map("".join)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@pytest.mark.parametrize(("text", "identity"), CASES["identities"])
def test_text_names_the_paper(text: str, identity: str | None) -> None:
    assert paper_id(text) == identity


@pytest.mark.parametrize(("text", "identities"), CASES["all_identities"])
def test_each_paper_is_listed_once(text: str, identities: list[str]) -> None:
    assert paper_ids(text) == tuple(identities)


@pytest.mark.parametrize(("text", "urls"), CASES["links"])
def test_addresses_lose_what_belongs_to_the_sentence(text: str, urls: list[str]) -> None:
    assert links(text) == tuple(urls)


@pytest.mark.parametrize(("key", "value", "identity"), CASES["values"])
def test_front_matter_value_names_the_paper(key: str, value: object, identity: str | None) -> None:
    assert paper_id_from_value(key, value) == identity


@pytest.mark.parametrize(("text", "identity"), CASES["typed"])
def test_what_a_user_types_is_understood(text: str, identity: str | None) -> None:
    assert normalise_paper(text) == identity


@pytest.mark.parametrize(("identity", "year"), CASES["years"])
def test_identity_carries_its_year(identity: str, year: int | None) -> None:
    assert year_from_id(identity) == year


@pytest.mark.parametrize("identity", IDENTITIES)
def test_identity_typed_as_shown_is_itself(identity: str) -> None:
    assert normalise_paper(identity) == identity


@given(TEXTS)
def test_any_text_is_read_and_its_identities_are_canonical(text: str) -> None:
    assert all(normalise_paper(identity) == identity for identity in paper_ids(text))
    assert all(url.lower().startswith("http") for url in links(text))
    assert year_from_id(text) is None or isinstance(year_from_id(text), int)


@given(st.text(), SCALARS | st.lists(SCALARS) | st.dictionaries(st.text(), SCALARS))
def test_any_value_is_read(key: str, value: object) -> None:
    assert paper_id_from_value(key, value) is None or key
    assert paper_id_from_value("arxiv", value) is None or value


@pytest.mark.parametrize(
    "unit",
    [
        "arxiv",
        "arxiv.org/abs/",
        "https://",
        "https://a(",
        "https://a](",
        "10.1145/a(",
        "10.1145/)",
        "openreview.net/a?a=&",
        "openaccess.thecvf.com/a/",
        "aclweb.org//a/",
        "semanticscholar.org/paper/",
        "nature.com/articles/",
        "pmid ",
        "(",
    ],
)
def test_line_of_a_megabyte_is_read(unit: str) -> None:
    line = unit * (1_000_000 // len(unit))
    assert isinstance(paper_ids(line), tuple)
    assert isinstance(links(line), tuple)
    assert normalise_paper(line) is None or unit.startswith("10.")
