from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from notesearch.corpus.facts.title import (
    Title,
    find_title,
    is_generic_heading,
    make_title,
    title_from_path,
)
from notesearch.corpus.markdown_blocks import parse_blocks
from notesearch.records import Role
from tests.linear_time import assert_linear

CASES = yaml.safe_load(Path(__file__).with_name("title_cases.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("dpo.md", "dpo"),
        ("a/attention_is_all_you_need.md", "attention is all you need"),
        ("2018-1-6-world-models.md", "world models"),
        ("014_batch_norm.md", "batch norm"),
        ("17-residual-networks.md", "residual networks"),
        ("7.1 - Sampling.md", "Sampling"),
        ("2.4.5 Monitors.md", "Monitors"),
        ("18.2 B-Trees at work.md", "B-Trees at work"),
        ("3d-lanes.md", "3d lanes"),
        ("T-test in two-sample form.md", "T-test in two-sample form"),
        ("lora/notes.md", "lora"),
        ("lora/README.md", "lora"),
        ("README.md", "README"),
        ("2024-05-12.md", "2024 05 12"),
        ("1706.03762.md", "1706.03762"),
        ("What is RL?.md", "What is RL?"),
    ],
)
def test_title_from_a_name(path, title):
    assert title_from_path(path) == title


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("Plain words", Title("Plain words")),
        ("**Bold words**", Title("Bold words")),
        ("[Words](https://a.org/b)", Title("Words", None, "https://a.org/b")),
        ("[Words (2017)](https://a.org)", Title("Words", 2017, "https://a.org")),
        ("Words (2017)", Title("Words", 2017)),
        ("[2020 OSDI] Words", Title("[2020 OSDI] Words", 2020)),
        ('"Quoted words"', Title("Quoted words")),
        ("“Quoted words”", Title("Quoted words")),
        ("A `code` word and $x_i$", Title("A code word and $x_i$")),
        ("snake_case_name here", Title("snake_case_name here")),
    ],
)
def test_line_becomes_a_title(line, title):
    assert make_title(line) == title


def title_of(text: str, path: str = "file-name.md", **fields: object) -> str:
    lines = text.split("\n")
    return find_title(path, fields, lines, parse_blocks(lines)).text


def test_places_of_a_title_in_their_order():
    body = "* **Title**: In a field\n\n# Heading\n\ntext"
    assert title_of(body, title="Given") == "Given"
    assert title_of(body) == "In a field"
    assert title_of("# Heading\n\ntext") == "Heading"
    assert title_of("- The first bullet\n\n## Summary\n\ntext") == "The first bullet"
    assert title_of("## Summary\n\ntext") == "file name"


def test_heading_that_repeats_the_given_title_is_the_titles_line():
    lines = ["# Deep  Sets!", "text"]
    assert find_title("a.md", {"title": "Deep Sets"}, lines, parse_blocks(lines)).position == 0
    assert find_title("a.md", {"title": "Other"}, lines, parse_blocks(lines)).position is None


@pytest.mark.parametrize("empty", ["", "  ", None, [], {}])
def test_empty_title_of_a_head_is_passed_over(empty):
    assert title_of("# Heading\n\ntext", title=empty) == "Heading"


def test_first_of_several_sections_is_no_title_of_a_file_that_has_a_name():
    sections = "## Overview\n\ntext\n\n## Replicated logs\n\ntext\n\n## Elections\n\ntext"
    assert title_of(sections, "Raft consensus.md") == "Raft consensus"
    assert title_of(sections, "12.md") == "Replicated logs"


def test_numbered_sections_give_no_title():
    assert title_of("## 1. Copies\n\n## 2. Sendfile\n", "Zero copy.md") == "Zero copy"
    assert title_of("# 3. Zero copy in Linux\n\n## Sendfile\n", "x.md") == "3. Zero copy in Linux"


def test_linked_heading_is_a_title_wherever_it_stands():
    text = "## Summary\n\ntext\n\n## [Paper one](https://a.org)\n\n## Thoughts on it\n"
    assert title_of(text, "week three.md") == "Paper one"


NAMES = st.text(st.characters(exclude_characters="/", exclude_categories=["Cc", "Cs"]), min_size=1)


@given(st.text(max_size=60), NAMES)
def test_any_file_has_a_title(text, name):
    lines = text.split("\n")
    title = find_title(f"{name}.md", {}, lines, parse_blocks(lines))
    assert title.text == title.text.strip() != ""
    assert "\n" not in title.text


@pytest.mark.parametrize("heading", [*CASES["generic"], *(role.value for role in Role)])
def test_heading_names_a_section(heading):
    assert is_generic_heading(heading)


@pytest.mark.parametrize("heading", CASES["specific"])
def test_heading_names_a_paper(heading):
    assert not is_generic_heading(heading)


@given(st.text() | st.text(alphabet="#*[]():;,/&-. 123TLDRresults", max_size=120))
def test_any_heading_is_a_section_or_a_title(heading):
    assert is_generic_heading(heading) in (True, False)


@pytest.mark.parametrize("unit", ["#", "[", "1.", "results and ", " ", ":", "(", "{", "> "])
def test_heading_without_end_names_no_section_in_linear_time(unit):
    def read(size: int) -> None:
        assert not is_generic_heading(unit * (size // len(unit)))

    assert_linear(read, 50_000)
