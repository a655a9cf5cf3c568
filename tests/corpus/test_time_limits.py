"""Nothing in a file may take longer than 2 s a megabyte: it is read sooner, or left out by name."""

from __future__ import annotations

import subprocess
import sys

import pytest
from markdown_it.rules_block import StateBlock

from notesearch.corpus import markdown_it_rules
from notesearch.corpus.chunker import chunk_note
from notesearch.corpus.markdown_blocks import parse_blocks
from notesearch.corpus.reader import read_notes
from notesearch.corpus.search_text import latex

PROGRAM = """
import sys
from notesearch.corpus.chunker import chunk_note
from notesearch.corpus.reader import read_notes
reading = read_notes(sys.argv[1], eval(sys.argv[2]).encode())
for note in reading.notes:
    chunk_note(note, max_tokens=60, count=lambda texts: [len(text.split()) for text in texts])
print(len(reading.notes), reading.skipped)
"""

# Each takes a second at most, and took a minute and more where it was not bounded.
HANGS = {
    "mojibake that is undone part by part": ("'Ãƒ\x83' * 40_000", "1 None"),
    "accents without end above and below": (
        r"'Some words a' + '\u0309\u06ea' * 200_000",
        "1 None",
    ),
    "quotes of one line": (
        r"'# T\n\nWords.\n\n' + '> ## [P](https://a.org)\na.b.\n' * 9_900",
        "headings, paragraphs and items in one file",
    ),
    "formulas that are never closed": (
        r"'# T\n\nWords.\n\n' + '$$```\na\n\n' * 16_000",
        "1 None",
    ),
    "tags of all of thousands of notes": (
        r"'---\ntags: [' + ', '.join(f't{n}' for n in range(6_000)) + ']\n---\n'"
        r" + '## [P](https://arxiv.org/abs/2301.00001)\nOn it.\n' * 4_900",
        "4900 None",
    ),
    "aliases that may each be short for each": (
        r"'---\naliases: [' + ', '.join(f'a{n}' for n in range(6_900)) + ']\n---\nWords.\n'",
        "1 None",
    ),
}


@pytest.mark.parametrize(("text", "said"), HANGS.values(), ids=HANGS.keys())
def test_hang_is_no_hang(text, said):
    command = [sys.executable, "-c", PROGRAM, "x.md", text]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    assert said in ended.stdout


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
def test_forty_thousand_lines_of_a_sign_are_read_or_named(sign):
    reading = read_notes("x.md", f"# T\n\nSome words.\n\n{sign}\n".encode() * 10_000)
    assert len(reading.notes) == 1 or reading.skipped is not None


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
