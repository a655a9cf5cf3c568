"""Hits for programs and documents, in whole."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from notesearch.records import Copy, Hit, NoteKind, Role
from notesearch.render.hit_formats import (
    csv_lines,
    json_lines,
    jsonl_lines,
    markdown_lines,
    paper_address,
    path_lines,
)

FIELDS = [
    "rank",
    "score",
    "cosine",
    "bm25",
    "title",
    "path",
    "line_start",
    "line_end",
    "section",
    "roles",
    "tags",
    "date",
    "year",
    "paper",
    "note_id",
    "passage_id",
    "text",
    "weak",
    "copies",
    "kind",
    "commit",
]
FULL = Hit(
    rank=1,
    score=0.75,
    cosine=0.5,
    bm25=3.25,
    title='On [brackets] and "quotes", twice',
    path="my notes/a, b.md",
    line_start=3,
    line_end=9,
    section=("Method", "Step 1"),
    roles=(Role.KEY_IDEAS, Role.METHOD),
    tags=("rl/offline", "two words"),
    date="2026-03",
    year=2023,
    paper="arxiv:2305.18290",
    note_id="my notes/a, b.md",
    passage_id="00ff",
    text='First, a line.\n\nThen "another".',
    weak=False,
    copies=(Copy("b.md", "b.md", 2, 8), Copy("d.md#x", "d\x1b.md", 5, 5)),
    kind=NoteKind.DIGEST_PART,
    commit="abc123",
)
BARE = Hit(
    rank=2,
    score=0.0,
    cosine=None,
    bm25=None,
    title="Bare",
    path="bare.md",
    line_start=1,
    line_end=1,
    section=(),
    roles=(),
    tags=(),
    date=None,
    year=None,
    paper=None,
    note_id="bare.md",
    passage_id="01",
    text="Words — naïve 机 \ud800.",
    weak=True,
)
FULL_JSON = (
    '{"rank": 1, "score": 0.75, "cosine": 0.5, "bm25": 3.25, '
    '"title": "On [brackets] and \\"quotes\\", twice", "path": "my notes/a, b.md", '
    '"line_start": 3, "line_end": 9, "section": ["Method", "Step 1"], '
    '"roles": ["key ideas", "method"], '
    '"tags": ["rl/offline", "two words"], "date": "2026-03", "year": 2023, '
    '"paper": "arxiv:2305.18290", "note_id": "my notes/a, b.md", "passage_id": "00ff", '
    '"text": "First, a line.\\n\\nThen \\"another\\".", "weak": false, "copies": ['
    '{"note_id": "b.md", "path": "b.md", "line_start": 2, "line_end": 8}, '
    '{"note_id": "d.md#x", "path": "d\\u001b.md", "line_start": 5, "line_end": 5}], '
    '"kind": "digest part", "commit": "abc123"}'
)
BARE_JSON = (
    '{"rank": 2, "score": 0.0, "cosine": null, "bm25": null, "title": "Bare", '
    '"path": "bare.md", "line_start": 1, "line_end": 1, "section": [], "roles": [], "tags": [], '
    '"date": null, "year": null, "paper": null, "note_id": "bare.md", "passage_id": "01", '
    '"text": "Words — naïve 机 \\ud800.", "weak": true, "copies": [], "kind": "note", '
    '"commit": null}'
)
CSV = f"""\
{",".join(FIELDS)}
1,0.75,0.5,3.25,"On [brackets] and ""quotes"", twice","my notes/a, b.md",3,9,Method; Step 1,\
key ideas; method,rl/offline; two words,2026-03,2023,arxiv:2305.18290,"my notes/a, b.md",00ff,\
"First, a line.

Then ""another"".",False,b.md:2-8; d\\x1b.md:5,digest part,abc123
2,0.0,,,Bare,bare.md,1,1,,,,,,,bare.md,01,Words — naïve 机 �.,True,,note,"""
MARKDOWN = """\
1. **[On \\[brackets\\] and "quotes", twice](<my notes/a, b.md#L3-L9>)** · Step 1 · 2023 · \
[arxiv:2305.18290](https://arxiv.org/abs/2305.18290)

   > First, a line.
   >
   > Then "another".

2. **[Bare](<bare.md#L1-L1>)**

   > Words — naïve 机 �.
"""


def test_fields_of_a_hit_are_those_documented():
    assert [field.name for field in fields(Hit)] == FIELDS
    assert list(json.loads(next(jsonl_lines([FULL])))) == FIELDS


def test_json_in_whole():
    assert list(json_lines([FULL, BARE])) == [f"[{FULL_JSON},", f" {BARE_JSON}]"]
    assert list(json_lines([])) == ["[]"]
    assert json.loads("\n".join(json_lines([FULL])))[0]["text"] == FULL.text


def test_jsonl_in_whole():
    assert list(jsonl_lines([FULL, BARE])) == [FULL_JSON, BARE_JSON]
    assert list(jsonl_lines([])) == []


def test_csv_in_whole():
    assert "\n".join(csv_lines([FULL, BARE])) == CSV
    assert list(csv_lines([])) == [",".join(FIELDS)]


def test_markdown_in_whole():
    assert "\n".join(markdown_lines([FULL, BARE])) == MARKDOWN
    assert list(markdown_lines([])) == []


def test_paths_name_each_file_once():
    again = replace(BARE, rank=3, path=FULL.path)
    assert list(path_lines([FULL, BARE, again])) == [FULL.path, "bare.md"]


@pytest.mark.parametrize(
    ("paper", "address"),
    [
        ("arxiv:2305.18290", "https://arxiv.org/abs/2305.18290"),
        ("doi:10.18653/v1/p17-1001", "https://doi.org/10.18653/v1/p17-1001"),
        ("openreview:abc_D", "https://openreview.net/forum?id=abc_D"),
        ("acl:2020.acl-main.1", "https://aclanthology.org/2020.acl-main.1"),
        ("unheard:1", None),
    ],
)
def test_papers_have_addresses(paper, address):
    assert paper_address(paper) == address
    cited = f"[{paper}]({address})" if address else paper
    assert next(markdown_lines([replace(BARE, paper=paper)])).endswith(f" · {cited}")


# ------------------------------------------------------------ laws


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=40)


@given(TEXTS, TEXTS)
def test_json_gives_back_what_went_in(title, text):
    hit = replace(FULL, title=title, text=text)
    (value,) = json.loads("\n".join(json_lines([hit])))
    assert (value["title"], value["text"]) == (title, text)
    assert "\n" not in next(iter(jsonl_lines([hit])))


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), max_size=40)
TITLES = CELLS.map(lambda text: f"On {text}")  # what looks like a formula is marked


@given(TITLES, st.tuples(TITLES, CELLS).map("\n".join))
def test_csv_gives_back_what_went_in(title, text):
    written = "\n".join(csv_lines([replace(FULL, title=title, text=text), BARE]))
    first, second = csv.DictReader(io.StringIO(written, newline=""))
    assert (first["title"], first["text"], second["title"]) == (title, text, "Bare")


LINES = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=30
)


@given(LINES, LINES)
def test_markdown_shows_the_title_as_it_is_and_links_to_the_file(title, path):
    hit = replace(BARE, title=title, path=path, text="")
    item = "\n".join(markdown_lines([hit]))
    (inline,) = (token for token in MarkdownIt().parse(item) if token.type == "inline")
    children = inline.children or []
    links = [child for child in children if child.type == "link_open"]
    assert [str(link.attrGet("href"))[-6:] for link in links] == ["#L1-L1"]
