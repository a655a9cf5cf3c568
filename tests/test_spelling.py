from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from notesearch.spelling import (
    is_a_letter_away,
    normalise_name,
    normalise_paper,
    normalise_tag,
    paper_id,
    paper_ids,
    tag_and_parents,
)
from tests.linear_time import assert_linear

CASES: dict[str, list[Any]] = yaml.safe_load(
    Path(__file__).with_name("spelling_cases.yaml").read_text(encoding="utf-8")
)
IDENTITIES = sorted({identity for _, identity in CASES["papers"] if identity})
FRAGMENTS = """
arxiv arXiv: .org/ abs/ 2305.18290 cs/0112017 10.1145/ a(b) https:// aclweb.org/ P17-1001 )
openreview.net/ forum?id= thecvf.com/ openaccess. _paper v2 .pdf nature.com/articles/ %2F &amp;
"""
PIECES = st.sampled_from([*FRAGMENTS.split(), " "])


def test_a_query_loads_the_module_without_what_reads_notes() -> None:
    code = "import notesearch.spelling, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "notesearch.spelling" in loaded
    assert not [name for name in loaded if name.startswith("notesearch.corpus")]


@pytest.mark.parametrize(("tag", "normal"), CASES["tags"])
def test_tag_is_compared_as(tag: str, normal: str) -> None:
    assert normalise_tag(tag) == normal


@given(st.text())
def test_normalising_twice_changes_nothing(tag: str) -> None:
    normal = normalise_tag(tag)
    assert normalise_tag(normal) == normal


def test_tag_is_found_by_what_it_lies_under() -> None:
    assert tag_and_parents("rl/offline/cql") == ("rl/offline/cql", "rl/offline", "rl")


@pytest.mark.parametrize(("text", "identity"), CASES["papers"])
def test_text_names_the_paper(text: str, identity: str | None) -> None:
    assert paper_id(text) == identity


@pytest.mark.parametrize(("text", "identities"), CASES["all_papers"])
def test_each_paper_is_listed_once(text: str, identities: list[str]) -> None:
    assert paper_ids(text) == tuple(identities)


@pytest.mark.parametrize(("text", "identity"), CASES["typed_papers"])
def test_what_a_user_types_is_understood(text: str, identity: str | None) -> None:
    assert normalise_paper(text) == identity


@pytest.mark.parametrize("identity", IDENTITIES)
def test_identity_typed_as_shown_is_itself(identity: str) -> None:
    assert normalise_paper(identity) == identity


@given(st.text() | st.lists(PIECES, max_size=12).map("".join))
def test_identities_of_any_text_are_canonical(text: str) -> None:
    assert all(normalise_paper(identity) == identity for identity in paper_ids(text))


@pytest.mark.parametrize(
    "unit",
    [
        "arxiv",
        "arxiv.org/abs/",
        "https://a(",
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
def test_line_without_end_is_read_for_papers_in_linear_time(unit: str) -> None:
    def read(size: int) -> None:
        line = unit * (size // len(unit))
        assert isinstance(paper_ids(line), tuple)
        assert normalise_paper(line) is None or unit.startswith("10.")

    assert_linear(read, 50_000)


@pytest.mark.parametrize(
    ("one", "other", "is_near"),
    [
        ("dpo", "dpp", True),
        ("dpo", "dp", True),
        ("dpo", "dpoo", True),
        ("dpo", "dop", True),
        ("dpo", "dpo", False),
        ("dpo", "opd", False),
        ("dpo", "dxx", False),
        ("dpo", "d", False),
        ("", "d", True),
    ],
)
def test_words_are_a_letter_away(one: str, other: str, is_near: bool) -> None:
    assert is_a_letter_away(one, other) is is_a_letter_away(other, one) is is_near


@pytest.mark.parametrize("name", ["r-to-Q*", "R to Q", "r_toq!", "Ｒ to ｑ"])
def test_names_are_compared_by_letters_and_digits_alone(name: str) -> None:
    assert normalise_name(name) == "rtoq"
