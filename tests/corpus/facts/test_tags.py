from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from notesearch.corpus.facts.run_together_tags import split_run_together
from notesearch.corpus.facts.tags import (
    folder_tags,
    hashtag_line,
    inline_hashtags,
    tags_from_line,
    tags_from_value,
)
from notesearch.spelling import normalise_tag
from tests.linear_time import assert_linear

CASES: dict[str, list[Any]] = yaml.safe_load(
    Path(__file__).with_name("tag_cases.yaml").read_text(encoding="utf-8")
)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(SCALARS, inner),
    max_leaves=20,
)
LINES = st.text() | st.text(alphabet="#*_ :,;[]()`\"'tagsTAGS\t.|-=\\", max_size=200)


@pytest.mark.parametrize(("line", "tags"), CASES["lines"])
def test_line_is_read_as(line: str, tags: list[str] | None) -> None:
    assert tags_from_line(line) == (None if tags is None else tuple(tags))


@pytest.mark.parametrize(("text", "tags"), CASES["inline"])
def test_hashtags_of_prose_are(text: str, tags: list[str]) -> None:
    assert inline_hashtags(text) == tuple(tags)


@pytest.mark.parametrize(("value", "tags"), CASES["values"])
def test_front_matter_value_is_read_as(value: object, tags: list[str]) -> None:
    assert tags_from_value(value) == tuple(tags)


@pytest.mark.parametrize(("path", "tags"), CASES["folders"])
def test_folders_are_topics(path: str, tags: list[str]) -> None:
    assert folder_tags(path) == tuple(tags)


@pytest.mark.parametrize(("text", "vocabulary", "tags", "rest"), CASES["run_together"])
def test_run_together_tags_are_cut(
    text: str, vocabulary: list[str], tags: list[str], rest: str
) -> None:
    assert split_run_together(text, vocabulary) == (tuple(tags), rest)


def test_tags_of_the_corpus_go_before_built_in_terms() -> None:
    assert split_run_together("rewardmodels", ["reward-models", "reward", "models"]) == (
        ("reward-models",),
        "",
    )
    assert split_run_together("toolsagents", ["Agents"]) == (("tools", "Agents"), "")


@pytest.mark.parametrize("unit", ["#a", "# ", "a ", "'", '"a', "[[", "**", ", ", ":a", "`", "\\#"])
@pytest.mark.parametrize("start", ["", "Tags: ", "#+filetags: ", "- **Tags**: "])
def test_line_without_end_is_read_in_linear_time(start: str, unit: str) -> None:
    def read(size: int) -> None:
        line = start + unit * (size // len(unit))
        assert tags_from_line(line) is None
        assert all(len(tag) < 1000 for tag in tags_from_value(line))
        assert all(len(tag) < 1000 for tag in inline_hashtags(line))
        assert split_run_together(line, ["a"]) == ((), line.strip())

    assert_linear(read, 50_000)


@given(VALUES)
def test_any_value_gives_clean_and_distinct_tags(value: object) -> None:
    tags = tags_from_value(value)
    assert all(tag and tag == tag.strip() for tag in tags)
    assert len({normalise_tag(tag) or tag for tag in tags}) == len(tags)


@given(LINES)
def test_any_line_is_read(line: str) -> None:
    assert all(tags_from_line(line) or ())
    assert hashtag_line(line) != ()
    assert all(inline_hashtags(line))
    assert all(folder_tags(line))


TERMS = st.sampled_from(["dpo", "alignment", "rlhf", "reward-models", "tool-use"])


@given(st.lists(TERMS, min_size=1, max_size=20))
def test_joined_terms_come_apart(terms: list[str]) -> None:
    assert split_run_together("".join(terms), ()) == (tuple(dict.fromkeys(terms)), "")


@given(st.text(max_size=60), st.lists(st.text(max_size=8), max_size=5))
def test_rest_is_a_piece_of_the_text(text: str, vocabulary: list[str]) -> None:
    tags, rest = split_run_together(text, vocabulary)
    assert rest in text
    assert all(tags)
