"""Reading rules: what a person says about files that the reading can't know."""

from __future__ import annotations

import pytest

from notesearch.corpus.layouts import LAYOUTS
from notesearch.corpus.reader import read_notes
from notesearch.corpus.reading_rules import ReadingRule, rule_for

SECTIONS = b"""# Course

## Week one

Words on caches and lines.

## Week two

Words on pipelines and hazards.
"""


def titles(data: bytes, path: str = "a.md", **rule) -> list[tuple[str, str]]:
    reading = read_notes(path, data, rules=[ReadingRule("*", **rule)])
    return [(note.title, note.kind.value) for note in reading.notes]


def test_without_a_rule_sections_are_one_note():
    assert [note.title for note in read_notes("a.md", SECTIONS).notes] == ["Course"]


def test_split_by_heading_level():
    assert titles(SECTIONS, split="headings", level=2) == [
        ("Week one", "digest part"),
        ("Week two", "digest part"),
        ("Course", "index page"),
    ]


def test_split_none_keeps_a_digest_whole():
    digest = b"".join(
        f"## [Paper {n}](https://arxiv.org/abs/2401.0000{n})\n\nSome words on it.\n\n".encode()
        for n in range(4)
    )
    assert len(read_notes("a.md", digest).notes) == 4
    assert len(titles(digest, split="none")) == 1


def test_split_by_bullets_takes_every_bullet():
    data = b"- First idea of the day\n- Second idea of the day\n"
    assert titles(data, split="bullets") == [
        ("First idea of the day", "digest part"),
        ("Second idea of the day", "digest part"),
    ]


def test_split_by_rows_takes_tables_of_two():
    data = b"| Name | Link |\n|---|---|\n" + b"".join(
        f"| Paper number {n} says much | https://example.org/{n} with words |\n".encode()
        for n in (1, 2)
    )
    assert [title for title, _ in titles(data, split="rows")][:2] == [
        "Paper number 1 says much",
        "Paper number 2 says much",
    ]


def test_index_page_by_rule():
    assert titles(SECTIONS, split="index page") == [("Course", "index page")]


def test_records_begin_where_the_pattern_says():
    data = b"preface\n>>> One of them\nwords of one\n>>> Two of them\nwords of two\n"
    reading = read_notes("a.txt", data, rules=[ReadingRule("*.txt", record_start="^>>>")])
    assert [(note.line_start, note.line_end) for note in reading.notes] == [(2, 3), (4, 5), (1, 5)]


def test_pattern_that_matches_nothing_leaves_the_automatic_reading():
    assert titles(SECTIONS, record_start="^>>>") == [("Course", "note")]


def test_tags_of_a_rule_go_to_every_note_of_its_files():
    rule = ReadingRule("courses/*.md", split="headings", level=2, tags=("course",))
    for note in read_notes("courses/a.md", SECTIONS, rules=[rule]).notes:
        assert note.tags[0] == "course"
    assert read_notes("a.md", SECTIONS, rules=[rule]).notes[0].tags == ()


def test_rule_decides_on_hashtags_in_prose():
    data = b"# A\n\nWords on #caching here.\n"
    assert read_notes("a.md", data, rules=[ReadingRule("*", inline_tags=True)]).notes[0].tags == (
        "caching",
    )
    off = read_notes("a.md", data, rules=[ReadingRule("*", inline_tags=False)], inline_tags=True)
    assert off.notes[0].tags == ()


def test_first_rule_that_matches_holds():
    rules = [ReadingRule("digests/"), ReadingRule("*.md"), ReadingRule("**")]
    assert rule_for("digests/x/a.md", rules) is rules[0]
    assert rule_for("b.md", rules) is rules[1]
    assert rule_for("b.txt", rules) is rules[2]
    assert rule_for("b.txt", rules[:2]) is None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_can_be_asked_for_on_any_file(layout):
    for data in (SECTIONS, b"one line\n", b"- one\n- two\n", b"TL;DR. a\nread 2026-01-01x\n"):
        reading = read_notes("a.md", data, rules=[ReadingRule("*", split=layout)])
        assert reading.notes


def test_two_date_lines_of_a_feed_close_one_post():
    data = (
        "The first post.\nMay 21, 2025•18 min\nMay 22, 2025•3 min\n"
        "The second post.\nMay 23, 2025•5 min\n"
    )
    notes = read_notes("feed.txt", data.encode()).notes
    assert [(note.title, note.date, note.line_start, note.line_end) for note in notes[:2]] == [
        ("The first post", "2025-05-21", 1, 2),
        ("The second post", "2025-05-23", 4, 5),
    ]
