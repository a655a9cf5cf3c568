from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from notesearch.corpus.chunker import chunk_note
from notesearch.corpus.reader import read_file
from notesearch.web.note.note_text import _joined, join_passages, read_file_lines
from tests.conftest import SHIPPED
from tests.linear_time import assert_linear
from tests.web.note.shown_notes import count_words, read

FILES = sorted(
    path.relative_to(SHIPPED).as_posix()
    for path in SHIPPED.rglob("*")
    if path.suffix in (".md", ".org", ".txt")
)
NESTED = "# Paper\n\n" + "\n".join(
    f"- item {n} is so long\n    - its child {n} too\n        - and the grandchild"
    for n in range(9)
)
CODE = "# Paper\n\n```python\n" + "\n\n".join(
    f"def f{n}():\n    one = 1\n    return one" for n in range(20)
) + "\n```\n"  # fmt: skip


@pytest.mark.parametrize("path", FILES)
def test_passages_of_a_shipped_note_are_joined_to_its_lines(path):
    lines = (SHIPPED / path).read_text("utf-8").split("\n")
    for note in read_file(SHIPPED, path).notes:
        passages = chunk_note(note, max_tokens=40, count=count_words)
        joined, numbers = _joined(passages, lines, is_page=False)
        expected = [
            (number, line.rstrip())
            for number, line in zip(note.line_numbers, note.lines, strict=True)
            if line.strip()
        ]
        found = [
            (number, line.rstrip())
            for number, line in zip(numbers, joined, strict=True)
            if line.strip()
        ]
        assert found == expected


@pytest.mark.parametrize("text", [NESTED, CODE], ids=["list", "code"])
def test_indentation_comes_from_the_file(text):
    _, passages = read(text, words=12)
    assert len(passages) > 5
    assert list(join_passages("a.md", passages, text.split("\n")).lines) == text.rstrip().split(
        "\n"
    )


def test_without_its_file_a_note_loses_no_line():
    _, passages = read(NESTED, words=12)
    lines = join_passages("a.md", passages, ["another", "file"]).lines
    assert [line.strip() for line in lines] == [line.strip() for line in NESTED.split("\n")]


def test_lines_of_a_file_are_read_where_it_can_be(tmp_path):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/a.md").write_bytes(b"\xef\xbb\xbfone\r\n  two")
    (tmp_path / "secret.md").write_text("secret")
    (tmp_path / "corpus/link.md").symlink_to(tmp_path / "secret.md")
    (tmp_path / "corpus/b.md").write_bytes(bytes(range(256)))
    assert list(read_file_lines(tmp_path / "corpus", "a.md")) == ["one", "  two"]
    for path in ("link.md", "../secret.md", "gone.md", "zotero:7", "\0", "b.md", "", "x" * 9000):
        assert list(read_file_lines(tmp_path / "corpus", path)) == []


def test_line_that_was_cut_is_one_line():
    text = "# Paper\n\n" + "One sentence stands here. " * 30
    _, passages = read(text, words=20)
    assert len(passages) > 3
    assert list(join_passages("a.md", passages, ()).lines) == text.rstrip().split("\n")


def test_lines_in_order_keep_their_numbers():
    _, passages = read("---\ntags: [a]\n---\n# Paper\n\nFirst words.\n\nSecond words.\n", words=4)
    text = join_passages("a.md", passages, ())
    assert list(zip(text.numbers, text.lines, strict=True)) == [
        (4, "# Paper"), (5, ""), (6, "First words."), (6, ""), (8, "Second words."),
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    [
        "|x|y|\n",
        "<table>\n",
        "<table><tr><td>a</table>\n",
        "|`",
        "|$",
        "[[a][",
        "[a]([b](",
        "```a\n",
    ],
)
def test_joining_takes_linear_time(unit):
    _, passages = read("Some words.\n")

    def join(size: int) -> None:
        join_passages("a.md", [replace(passages[0], text=unit * size)], ())

    assert_linear(join, 10_000)


def test_shipped_notes_are_there():
    assert len(FILES) > 60
    assert Path(FILES[0]).suffix == ".md"
