"""Nothing in a file may take longer than 2 s a megabyte: it is read sooner, or left out by name."""

from __future__ import annotations

import pytest
from markdown_it.rules_block import StateBlock

from notesearch.corpus import markdown_it_rules
from notesearch.corpus.chunker import chunk_note
from notesearch.corpus.markdown_blocks import parse_blocks
from notesearch.corpus.reader import read_notes
from notesearch.corpus.search_text import latex
from tests.linear_time import assert_linear

# Each took a minute and more at the size of a real file where it was not bounded.
HANGS = {
    "mojibake that is undone part by part": (1_000, lambda n: "Ãƒ\x83" * n),
    "accents without end above and below": (
        5_000,
        lambda n: "Some words a" + "\u0309\u06ea" * n,
    ),
    "quotes of one line": (
        1_000,
        lambda n: "# T\n\nWords.\n\n" + "> ## [P](https://a.org)\na.b.\n" * n,
    ),
    "formulas that are never closed": (
        2_000,
        lambda n: "# T\n\nWords.\n\n" + "$$```\na\n\n" * n,
    ),
    "tags of all of thousands of notes": (
        600,
        lambda n: (
            f"---\ntags: [{', '.join(f't{number}' for number in range(n))}]\n---\n"
            + "## [P](https://arxiv.org/abs/2301.00001)\nOn it.\n" * n
        ),
    ),
    "aliases that may each be short for each": (
        1_700,
        lambda n: (
            f"---\naliases: [{', '.join(f'a{number}' for number in range(n))}]\n---\nWords.\n"
        ),
    ),
}


@pytest.mark.parametrize(("size", "shape"), HANGS.values(), ids=HANGS.keys())
def test_what_once_took_minutes_is_read_in_linear_time(size, shape):
    def read(size: int) -> None:
        reading = read_notes("x.md", shape(size).encode())
        assert reading.notes
        assert reading.skipped is None
        for note in reading.notes:
            chunk_note(note, max_tokens=60, count=lambda texts: [len(t.split()) for t in texts])

    assert_linear(read, size)


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        (
            "x.md",
            "# Heading\n" * 40_000,
            "more than 20,000 headings, paragraphs and items in one file",
        ),
        (
            "x.html",
            "<td>word" * 60_000,
            "too long for a note: 119,999 lines, at most 50,000 are read",
        ),
    ],
)
def test_more_than_a_note_ever_had_is_left_out_by_name(path, text, reason):
    skipped = read_notes(path, text.encode()).skipped
    assert skipped is not None
    assert skipped.reason == reason


@pytest.mark.parametrize("sign", ["!", "#", "|", "$", "`", "=", "é", "\\"])
def test_lines_of_a_sign_without_end_are_read_in_linear_time(sign):
    def read(size: int) -> None:
        reading = read_notes("x.md", f"# T\n\nSome words.\n\n{sign}\n".encode() * size)
        assert reading.notes
        assert reading.skipped is None

    assert_linear(read, 500)


def test_more_lists_than_anybody_writes_are_text():
    blocks = parse_blocks(["- a", "# b"] * 16_000)
    assert [blocks[0].kind, blocks[-2].kind] == ["list", "paragraph"]


@pytest.mark.parametrize(
    "text",
    ["x\\" * 100_000, "- - - - - - " + "word " * 40_000],
    ids=["no space to split at", "blocks that each hold the next"],
)
def test_no_text_is_measured_again_and_again(text):
    measured = 0

    def count(texts):
        nonlocal measured
        measured += sum(map(len, texts))
        return [len(text) // 4 for text in texts]

    (note,) = read_notes("x.md", f"Some words.\n\n{text}".encode()).notes
    chunk_note(note, max_tokens=200, count=count)
    assert measured < 6 * len(text)


def test_parsing_ends_where_there_are_too_many_blocks(monkeypatch):
    read = 0

    def count(state: StateBlock, start: int) -> str:
        nonlocal read
        read = max(read, start)
        return first_sign(state, start)

    first_sign = markdown_it_rules._first_sign
    monkeypatch.setattr(markdown_it_rules, "_first_sign", count)
    with pytest.raises(markdown_it_rules.TooManyBlocksError):
        parse_blocks(["- a: b"] * 10_000, most=1_000)
    assert read < 2_000


def test_same_command_is_said_once(monkeypatch):
    asked: list[str] = []

    def say(source: str) -> str:
        asked.append(source)
        return math_to_words(source)

    math_to_words = latex.math_to_words
    monkeypatch.setattr(latex, "math_to_words", say)
    latex.say_math("\\pi and \\pi\n" * 1_000)
    assert asked == ["\\pi"]
