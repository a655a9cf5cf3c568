from __future__ import annotations

import os
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notesearch.corpus.reader import read_file, read_notes
from notesearch.records import FileReading, Note
from tests.linear_time import assert_linear

TEXT = b"# Sparse coding\n\nSome words of a note.\n"


def only(reading: FileReading) -> Note:
    (note,) = reading.notes
    return note


def reason(reading: FileReading) -> str:
    assert reading.skipped is not None
    assert reading.notes == ()
    return reading.skipped.reason


def test_file_of_a_corpus_is_read(tmp_path):
    (tmp_path / "rl").mkdir()
    (tmp_path / "rl" / "A: b?.md").write_bytes(TEXT)
    note = only(read_file(tmp_path, "rl/A: b?.md"))
    assert (note.id, note.path, note.title) == ("rl/A: b?.md", "rl/A: b?.md", "Sparse coding")


def test_file_that_vanished_is_skipped(tmp_path):
    assert reason(read_file(tmp_path, "gone.md")) == "cannot be read: No such file or directory"


def test_folder_in_the_place_of_a_file_is_skipped(tmp_path):
    (tmp_path / "x.md").mkdir()
    assert reason(read_file(tmp_path, "x.md")) == "cannot be read: Is a directory"


def test_file_without_read_permission_is_skipped(tmp_path, monkeypatch):
    really_open = os.open

    def refuse(path, *args, **kwargs):
        if path == "x.md":
            raise PermissionError(13, "Permission denied")
        return really_open(path, *args, **kwargs)

    (tmp_path / "x.md").write_bytes(TEXT)
    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "supports_dir_fd", {refuse})
    assert reason(read_file(tmp_path, "x.md")) == "cannot be read: Permission denied"


def test_file_of_a_hundred_megabytes_is_not_read_to_its_end(tmp_path):
    with (tmp_path / "x.md").open("wb") as file:
        file.truncate(100_000_000)
    tracemalloc.start()
    found = reason(read_file(tmp_path, "x.md"))
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.startswith("too large for a note")
    assert most_bytes < 20_000_000


def test_line_of_data_is_skipped_with_its_number():
    reading = read_notes("x.md", b"# Sparse coding\n\n" + b"x" * 2_000_000)
    assert reason(reading) == "a line of 2,000,000 characters is data, not a note"
    assert reading.skipped is not None
    assert reading.skipped.line == 3


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"---\ntitle: T\n---\n", b"# \n\n---\n", b"\xff\xfe"]
)
def test_file_without_words_has_no_notes_but_a_finding(data):
    reading = read_notes("x.md", data)
    assert reading.notes == ()
    assert reading.findings[-1].reason == "no text in it"


MARKS = ["- ", "* ", "> ", "1. ", "> - ", "[", "![[", "[[", "](", "[^", "**", "_a", "`", "~~",
         "$", "$$", "\\[", "<div>", "<!--", "<a ", "{%", "{{", "|", "#", '"', "((",
         "TL;DR ", "Tags: "]  # fmt: skip


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("suffix", ["md", "txt"])
def test_mark_repeated_without_end_leaves_the_rest_readable_in_linear_time(suffix, mark):
    def read(size: int) -> None:
        data = f"# Sparse coding\n\n{mark * size} x\n\nWords after it.\n".encode()
        notes = read_notes(f"x.{suffix}", data).notes
        assert "Words after it." in {line for note in notes for line in note.lines}

    assert_linear(read, 2_500)


# Of about as many characters as the size times ten: nesting by margins takes its square in lines.
NESTED = {
    "lists": lambda n: "\n".join("  " * (depth % 100) + "- item" for depth in range(n // 10)),
    "quotes": lambda n: "\n".join(">" * (depth % 100) + " quote" for depth in range(n // 10)),
    "headings": lambda n: "\n".join("#" * (1 + d % 6) + f" heading {d}" for d in range(n // 2)),
    "fences": lambda n: "```\n" * (n + 1),
    "math": lambda n: "$$\n" * (n + 1),
    "html": lambda n: "<div>\n" * n,
    "rules": lambda n: "words\n---\n" * n,
}


@pytest.mark.parametrize("shape", NESTED.values(), ids=NESTED.keys())
def test_nesting_without_end_leaves_the_rest_readable_in_linear_time(shape):
    def read(size: int) -> None:
        data = f"# Sparse coding\n\n{shape(size)}\n\nWords after it.\n".encode()
        notes = read_notes("x.md", data).notes
        assert "Words after it." in {line for note in notes for line in note.lines}

    assert_linear(read, 1_000)


@pytest.mark.parametrize("mark", ["  ", ">"])
def test_a_thousand_levels_leave_the_rest_readable(mark):
    nested = "\n".join(mark * depth + "- item" for depth in range(1000))
    data = f"# Sparse coding\n\n{nested}\n\nWords after it.\n".encode()
    notes = read_notes("x.md", data).notes
    assert "Words after it." in {line for note in notes for line in note.lines}


@pytest.mark.parametrize("opening", ["```python", "~~~", "$$", "\\[", "\\begin{align}", "<!--"])
def test_what_is_never_closed_hides_no_word(opening):
    note = only(
        read_notes("x.md", f"# Sparse coding\n\n{opening}\n\n## Results\n\nWords.\n".encode())
    )
    assert note.lines[-1] == "Words."
    assert note.line_end == 7


def test_parts_of_a_digest_take_its_tags_and_its_date():
    head = b"---\ntitle: Digest\ntags: [weekly]\ndate: 2026-06-21\nyear: 1999\n---\n"
    papers = b"".join(
        f"## [Paper {n}](https://arxiv.org/abs/240{n}.00001)\n\nSome words on it here.\n\n".encode()
        for n in (1, 2, 3)
    )
    for note in read_notes("x.md", head + papers).notes[:3]:
        assert (note.tags, note.date, note.year) == (("weekly",), "2026-06-21", 2024)


def test_date_above_the_bullets_of_a_digest_is_theirs():
    data = b"# Vision\n" + b"".join(
        f"\n*0{n} / 2020*\n\n- [Paper number {n}](https://arxiv.org/abs/200{n}.00001)\n"
        f"  - **TLDR**: some words on it are here\n".encode()
        for n in (1, 2, 3)
    )
    notes = read_notes("x.md", data).notes
    assert [note.date for note in notes[:3]] == ["2020-01", "2020-02", "2020-03"]


def test_lines_of_a_note_are_those_of_its_file():
    data = b"---\ntitle: T\n---\n# One\n\nwords\n"
    note = only(read_notes("x.md", data))
    assert (note.line_start, note.line_end) == (1, 6)
    assert list(note.line_numbers) == [4, 5, 6]


def checked(reading: FileReading, data: bytes) -> None:
    ids = [note.id for note in reading.notes]
    assert len(ids) == len(set(ids))
    for note in reading.notes:
        assert 1 <= note.line_start <= note.line_end
        assert len(note.lines) == len(note.markup) == len(note.line_numbers)
        assert all(note.line_start <= n <= note.line_end for n in note.line_numbers)
        covered = [
            n for section in note.sections for b in section.blocks for n in range(b.start, b.end)
        ]
        assert covered == list(range(len(note.lines)))
        assert note.title
    assert reading == read_notes(reading.path, data)


PIECES = st.sampled_from(
    ["# T\n", "## [A](https://arxiv.org/abs/1706.03762)\n", "| a | b |\n|---|---|\n", "---\n",
     "- [B c](http://d.e)\n  - words\n", "| [N](http://x) | some words on it |\n", "+++\n",
     "tags: [a, b]\n", "title: x\n", "TL;DR. words\n", "read 2026-05-12dporl\n", "My notes\n",
     "May 21, 2025•18 min\n", "A line that breaks off after eight words and....\n", "```markdown\n",
     "```\n", "$$\n", "#a #b\n", "Tags:\n", "* Ada Lee. Some Title. ACL 2013. http://a.b\n", "\n",
     "\0", "\ufeff", "\xa0", "some words here\n", "* H :x:\n", "#+title: y\n", "<p>", "===\n"]
)  # fmt: skip
SUFFIXES = st.sampled_from(["md", "txt", "org", "rst", "html"])


@given(SUFFIXES, st.lists(PIECES | st.text(max_size=12), max_size=25).map("".join))
def test_any_mixture_of_conventions_is_read(suffix, text):
    data = text.encode("utf-8", "surrogatepass")
    checked(read_notes(f"a/x.{suffix}", data), data)


@given(SUFFIXES, st.binary(max_size=300))
def test_any_bytes_are_read_or_skipped(suffix, data):
    checked(read_notes(f"x.{suffix}", data), data)


@given(
    st.lists(st.sampled_from(["Foo bar", "Foo bar 2", "Foo bar 2 2", "Foo", "Foo-bar"]), min_size=3)
)
@example(["Foo bar", "Foo bar", "Foo bar 2"])
def test_no_two_notes_of_a_digest_share_an_id(titles):
    papers = enumerate(titles)
    text = "".join(f"## [{t}](https://arxiv.org/abs/2301.{n:05})\nOn it.\n\n" for n, t in papers)
    notes = read_notes("x.md", text.encode()).notes
    assert [note.title for note in notes] == titles
    assert len({note.id for note in notes}) == len(titles)


def test_part_whose_name_is_taken_is_numbered():
    titles = ("Foo bar", "Foo bar", "Foo bar 2", "Foo bar")
    text = "".join(f"## [{t}](https://arxiv.org/abs/2301.00001)\nOn it.\n\n" for t in titles)
    ids = [note.id for note in read_notes("x.md", text.encode()).notes]
    assert ids == ["x.md#foo-bar", "x.md#foo-bar-2", "x.md#foo-bar-2-2", "x.md#foo-bar-3"]


def test_file_of_more_notes_than_anybody_waits_for_is_left_out():
    text = "".join(f"## [T{n}](https://arxiv.org/abs/2301.{n:05})\nOn it.\n" for n in range(5_001))
    assert reason(read_notes("x.md", text.encode())) == (
        "5,001 notes in one file, at most 5,000 are read"
    )
