"""A note as the page shows it: cases side by side, then what no case shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from notesearch import Index
from notesearch.records import LinkKind, Role
from notesearch.web.note.block_html import SectionPlace
from notesearch.web.note.note_html import render_note
from tests.conftest import SHIPPED, make_library
from tests.fakes import WordEmbedder
from tests.web.note.html_allowlist import faults_of
from tests.web.note.shown_notes import read, show, stored

CASES = Path(__file__).with_name("note_html_cases.md")
CASE = re.compile(
    r"^## ([^\n]*)\n~{5}(\w+)\n(.*?)^~{5}\n~{5}html\n(.*?)^~{5}$", re.MULTILINE | re.DOTALL
)
ASKED = re.compile(r'<(\w+)[^<>]* class="[^"]*asked"[^<>]*>(?:<span id="asked"></span>)?([^<]*)')


@pytest.mark.parametrize(
    ("suffix", "text", "expected"),
    [pytest.param(*case[1:], id=case[0]) for case in CASE.findall(CASES.read_text("utf-8"))],
)
def test_note_becomes_html(suffix, text, expected):
    html = str(show(text, f"notes/a.{suffix}").html)
    assert html.strip() == expected.strip()
    assert faults_of(html) == []


def test_all_cases_are_read():
    text = CASES.read_text("utf-8")
    assert len(CASE.findall(text)) == text.count("\n~~~~~html\n") - 1 == 22


LONG = """# Preference Learning

First words of it.

## Limitations

- one item
  - an inner item
- another item

| name | value |
|------|-------|
| one  | two   |

```python
first = 1
second = 2
third = 3
```
"""


@pytest.mark.parametrize(
    ("lines", "marked"),
    [
        ((3, 3), [("p", "First words of it.")]),
        ((5, 7), [("h2", "Limitations"), ("span", "one item")]),
        ((8, 9), [("span", "an inner item"), ("span", "another item")]),
        ((13, 13), [("tr", "")]),
        ((17, 18), [("span", "second = 2\nthird = 3\n")]),
        ((2, 2), []),
        ((90, 99), []),
    ],
)
def test_what_is_asked_for_is_marked_by_its_lines(lines, marked):
    note = show(LONG, highlight=lines)
    assert ASKED.findall(str(note.html)) == marked
    assert note.html.count('id="asked"') == note.shows_asked == bool(marked)
    assert faults_of(str(note.html)) == []


def test_sections_are_listed_with_their_roles_and_ids():
    note = show(
        "# Preference Learning\n\nWords.\n\n## Limits\n\n### Of *data* & $x$\n"
        "\n## Limits\n\nMore.\n"
    )
    assert note.sections == (
        SectionPlace("h-limits", "Limits", 2, (Role.LIMITATIONS,)),
        SectionPlace("h-of-data-x", "Of data & x", 3, ()),
        SectionPlace("h-limits-2", "Limits", 2, (Role.LIMITATIONS,)),
    )
    assert all(f'id="{section.id}"' in note.html for section in note.sections)


def test_words_that_open_a_paragraph_are_a_place_to_jump_to():
    note = show(
        "TL;DR: It works.\n\n> [!abstract] In short\n> Text.\n\n"
        "- **Limits**: slow\n- **Bold** text\n",
        highlight=(1, 1),
    )
    assert note.sections == (
        SectionPlace("h-tl-dr", "TL;DR", 0, (Role.TLDR,)),
        SectionPlace("h-in-short", "In short", 0, (Role.ABSTRACT,)),
        SectionPlace("h-limits", "Limits", 0, (Role.LIMITATIONS,)),
    )
    assert note.html.startswith('<p id="h-tl-dr" class="asked"><span id="asked"></span>TL;DR: It')


def test_copied_page_has_its_headings():
    note = show((SHIPPED / "copied/cards.txt").read_text("utf-8"), "copied/cards.txt")
    headings = ["TL;DR", "My notes", "Why I picked this up", "What stood out"]
    assert [section.heading for section in note.sections][:4] == headings
    assert "<h2" in note.html


def test_ids_of_headings_are_never_the_same():
    note = show("Words\n\n# Results\n\n# Results 2\n\n# Results\n\n# Asked\n\n# 木\n")
    ids = [section.id for section in note.sections]
    assert ids == ["h-results", "h-results-2", "h-results-3", "h-asked", "h-木"]


def test_each_place_is_asked_for_once():
    asked = []
    show(
        "Words: [[B note]] [[B note|again]] [x](b.md) [y](b.md)",
        link_to_note=lambda *asks: asked.append(asks),
    )
    assert asked == [(LinkKind.WIKILINK, "B note"), (LinkKind.MARKDOWN, "b.md")]


def test_note_that_was_added_is_shown_from_the_index(tmp_path):
    make_library(tmp_path)
    text = "# Hands of a robot\n\nA robot\n\n- holds\n- a *proof*\n"
    with Index.open(tmp_path / "index", WordEmbedder(name="notesearch-encoder")) as index:
        index.add(text, id="zotero:7")
        note, passages = index.show("zotero:7")
    shown = render_note(note, passages, link_to_note=lambda *_: None, image_url=lambda _: None)
    assert shown.html == (
        "<p>A robot</p>\n<ul><li>holds\n</li>\n<li>a <em>proof</em>\n</li>\n</ul>\n"
    )


def test_front_matter_is_not_shown():
    assert show("---\ntitle: Paper\ntags: [x]\n---\nSome words.\n").html == "<p>Some words.</p>\n"


def test_very_long_note_is_shown_around_what_is_asked_for():
    text = "\n\n".join(f"Paragraph {number} " + 90 * "of words " for number in range(1000))
    note, passages = read(text, words=200)
    shown = show(text, words=200, highlight=(1001, 1001))
    assert shown.shows_asked
    assert "Paragraph 500 " in shown.html
    assert "Paragraph 3 " not in shown.html
    assert shown.html.startswith(
        '<p class="cut">This note is too long for one page: here are lines '
    )
    assert faults_of(str(shown.html)) == []
    assert sum(len(p.text) for p in passages) > 2 * len(shown.html) > 600_000
    assert stored(note).line_end == 1999
