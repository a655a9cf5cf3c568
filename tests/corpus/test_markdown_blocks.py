from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.corpus.markdown_blocks import mend_headings, parse_blocks
from notesearch.corpus.markdown_lines import mend_fences
from notesearch.records import Block
from tests.linear_time import assert_linear


def kinds(text: str) -> list[tuple[str, int, int]]:
    return [(block.kind, block.start, block.end) for block in parse_blocks(text.split("\n"))]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("# A\ntext", [("heading", 0, 1), ("paragraph", 1, 2)]),
        ("\n\n# A", [("blank", 0, 2), ("heading", 2, 3)]),
        ("A\n===\n\ntext", [("heading", 0, 3), ("paragraph", 3, 4)]),
        ("A sentence with a rule.\n---\ntext", [("paragraph", 0, 2), ("paragraph", 2, 3)]),
        ("https://a.org\n---\ntext", [("paragraph", 0, 2), ("paragraph", 2, 3)]),
        ("Name\n---\ntext", [("heading", 0, 2), ("paragraph", 2, 3)]),
        ("```py\n# no heading\n```\ntext", [("code", 0, 3), ("paragraph", 3, 4)]),
        ("$$\n# no heading\n$$\ntext", [("math", 0, 3), ("paragraph", 3, 4)]),
        ("| a | b |\n|---|---|\n| c | d |", [("table", 0, 3)]),
        ("> a\n> b\n\ntext", [("quote", 0, 3), ("paragraph", 3, 4)]),
        ("##Heading\ntext", [("heading", 0, 1), ("paragraph", 1, 2)]),
        ("#hashtag #another\ntext", [("paragraph", 0, 2)]),
        ("", [("paragraph", 0, 1)]),
    ],
)
def test_lines_are_cut_into_blocks(text, blocks):
    assert kinds(text) == blocks


def test_items_and_rows_are_children():
    (block,) = parse_blocks(["- a", "  - b", "- c"])
    assert [(item.kind, item.start, item.end) for item in block.children] == [
        ("item", 0, 2),
        ("item", 2, 3),
    ]
    (table,) = parse_blocks(["| a |", "|---|", "| b |"])
    assert [row.kind for row in table.children] == ["row", "row"]


def test_fence_that_nobody_closes_is_blanked():
    assert mend_fences(["a", "```", "b"]) == ["a", "", "b"]
    assert mend_fences(["```", "b", "```"]) == ["```", "b", "```"]
    assert mend_fences(["```", "b", "```python", "c", "```"]) == ["", "b", "```python", "c", "```"]
    assert mend_fences(["````", "```", "````"]) == ["````", "```", "````"]
    assert mend_fences(["````", "```", "a", "```", "~~~"]) == ["", "```", "a", "```", ""]


def test_heading_gets_its_missing_space_and_a_hashtag_none():
    assert mend_headings(["##A", "#Deep learning", "#tag", "#a #b", "# A"]) == [
        "## A",
        "# Deep learning",
        "#tag",
        "#a #b",
        "# A",
    ]


@pytest.mark.parametrize("mark", ["- ", "> ", "1. ", "* > ", "[", "![", "`", "|", "$$", "<div>"])
def test_marks_without_end_on_a_line_are_read_in_linear_time(mark):
    def read(size: int) -> None:
        blocks = parse_blocks([mark * size, "", "text"])
        assert blocks[-1].end == 3

    assert_linear(read, 2_500)


def test_deeply_nested_list_and_quote_are_read():
    assert parse_blocks([" " * 2 * depth + "- a" for depth in range(500)])
    assert parse_blocks([">" * depth + " a" for depth in range(1, 500)])


def assert_tiled(blocks: tuple[Block, ...], start: int, end: int) -> None:
    for block in blocks:
        assert block.start == start < block.end
        start = block.end
        if block.children:
            assert_tiled(block.children, block.start, block.end)
    assert start == end


PIECES = st.sampled_from(
    ["# A", "text", "", "- a", "  - b", "    c", "1. d", "> q", "```", "~~~py", "$$", "| a | b |",
     "|---|---|", "---", "===", "<div>", "</div>", "[a]: b", "\t", "* * *", "##x", "\\begin{a}"]
)  # fmt: skip


@given(st.lists(PIECES | st.text(st.characters(exclude_characters="\n\r"), max_size=8), min_size=1))
def test_blocks_tile_any_lines(lines):
    assert_tiled(parse_blocks(lines), 0, len(lines))
