"""Whatever a note, a file name or a settings file holds, what is shown is printable."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from notesearch.evaluation.evaluate import Failure, Found
from notesearch.evaluation.judged import JudgedQuery
from notesearch.index.reports import Counts, IndexStatus, UpdateReport
from notesearch.index.snapshot import StoredNote, TagCount
from notesearch.records import Finding, Hit, Note, NoteKind, Passage
from notesearch.render import (
    evaluation_tables,
    hit_formats,
    hits,
    listings,
)
from notesearch.render.terminal import (
    Style,
    escaped,
    guarded,
    printable,
    printable_lines,
    to_json,
)
from notesearch.search.answer import Answer, Mode
from notesearch.search.snippets import cut_snippets, mark_words

# Written here a second time, from the properties of the signs, and not from the program.
BIDI = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
BIDI_MARKS = {"\u200e", "\u200f", "\u061c"}


def control_signs(text: str, allowed: str = "") -> set[str]:
    """The signs of a text that a terminal acts on, or that turn the text around them."""
    return {
        sign
        for sign in text
        if sign not in allowed
        and (
            unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp")
            or unicodedata.bidirectional(sign) in BIDI
            or sign in BIDI_MARKS
        )
    }


PIECES = st.sampled_from(
    (
        "\x1b[31m", "\x1b]0;owned\x07", "\x1b]8;;http://x\x1b\\", "\x9b2J", "\x9d0;t\x9c", "\x08",
        "\x00", "\x7f", "\r", "\n", "\r\n", "\t", "\u202e", "\u2066", "\u2069", "\u200f", "\u061c",
        "\u2028", "\x85", "\ud800", "\udcff", "=cmd", "+1", "-1", "@SUM", "＝1", "](http://evil)",
        "[a](b)", ">", "<b>", "*", "`", "```", "#", "%2e", "&lt;", "\\", "javascript:", "/", "..",
        "a", "Öl", "机器", "🤖", " ", "", '"', "'", ",", ";",
    )
)  # fmt: skip
HOSTILE = st.lists(PIECES | st.text(max_size=3), max_size=6).map("".join)
NAMES = st.lists(HOSTILE, max_size=3).map(tuple)
HITS = st.builds(
    Hit,
    rank=st.integers(1, 10_000),
    score=st.sampled_from((-0.1, 0.0, 0.5)),
    cosine=st.sampled_from((None, -0.1, 0.5)),
    bm25=st.none(),
    title=HOSTILE,
    path=HOSTILE,
    line_start=st.integers(1, 9),
    line_end=st.integers(1, 9),
    section=NAMES,
    roles=st.just(()),
    tags=NAMES,
    date=st.none() | HOSTILE,
    year=st.none() | st.integers(1900, 2030),
    paper=st.none() | HOSTILE | HOSTILE.map(lambda text: f"doi:{text}"),
    note_id=HOSTILE,
    passage_id=HOSTILE,
    text=HOSTILE,
    weak=st.booleans(),
)


# ------------------------------------------------------------ texts and names


def test_every_control_sign_is_told_from_the_others():
    every = "".join(map(chr, range(0x12000)))  # no such sign stands behind
    assert not control_signs(printable(every))
    assert not control_signs(escaped(every))
    assert not control_signs(printable_lines(every), allowed="\n")
    assert not control_signs(guarded(every), allowed="\n")
    kept = set(every) - control_signs(every)
    assert kept - set(printable(every)) <= {chr(code) for code in range(0x206A, 0x2070)}


@given(HOSTILE)
def test_name_is_shown_on_one_line_and_loses_no_sign(name):
    shown = escaped(name)
    assert not control_signs(shown)
    assert len(shown) >= len(name)
    if not control_signs(name) and not re.search("[\u206a-\u206f]", name):
        assert shown == name


def test_name_with_control_signs_is_written_as_a_shell_takes_it():
    assert escaped("a\x1b\n\x9b\u202eb\udcffc\ud800") == r"a\x1b\x0a\u009b\u202eb\xffc\ud800"


def test_lines_stay_lines():
    assert printable_lines("a\r\nb\n\tc\rd\x1b[1m\x85e\u200f") == "a\nb\n    c d[1m e"


def test_marks_of_our_own_pass_the_last_look_and_others_do_not():
    style = Style(colour=True)
    ours = f"{style.bold('a')}{style.faint('b')}{style.match('c')}\n"
    assert guarded(ours) == ours
    assert guarded("\x1b[2J\x1b[31mred\x1b]0;t\x07\x1b]8;;a b\x1b\\") == "[2J[31mred]0;t]8;;a b\\"


# ------------------------------------------------------------ every renderer


@given(HITS, HOSTILE, st.sampled_from((40, 100)))
def test_hit_for_a_person_is_printable(hit, words, width):
    style = Style(width=width)
    answer = Answer(
        (hit,), Mode.HYBRID, where=words, terms=(words,), pairs=(words,), rewordings=(words,)
    )
    for runs in (mark_words(hit.text, words), *cut_snippets([hit.text], words, max_chars=40)):
        lines = [*hits.hit_lines(hit, runs, style), *hits.explanation(hit, answer, style)]
        assert not control_signs("".join(lines))


@given(HITS, st.sampled_from([("", "file://"), ("obsidian", "obsidian://open?path=")]))
def test_marks_of_a_hit_on_a_terminal_are_ours_alone(tmp_path_factory, hit, editor):
    style = Style(width=80, colour=True, links=True)
    corpus = tmp_path_factory.getbasetemp()
    name, beginning = editor
    links = hits.FileLinks(corpus, name)
    for line in hits.hit_lines(hit, mark_words(hit.text, "a"), style, links):
        assert guarded(line) == line
        for address in re.findall(r"\x1b\]8;;([^\x1b]+)", line):
            file = address.partition("%23")[0] if name else address
            assert f"{file}/".startswith(f"{beginning}{quote(corpus.as_posix())}/")
            assert ".." not in file.split("/")


@given(st.lists(HITS, max_size=3))
def test_json_is_printable_and_loses_nothing(found):
    text = "\n".join(hit_formats.json_lines(found))
    assert not control_signs(text, allowed="\n")
    back = json.loads(text)
    assert [hit["title"] for hit in back] == [_joined(hit.title) for hit in found]
    assert [json.loads(line) for line in hit_formats.jsonl_lines(found)] == back


def _joined(text: str) -> str:
    """A text as JSON reads it back: two halves of a pair, side by side, are one sign."""
    return json.loads(json.dumps(text))


@given(st.lists(HITS, min_size=1, max_size=3))
def test_csv_is_printable_and_holds_no_formula(found):
    text = "\n".join(hit_formats.csv_lines(found))
    assert not control_signs(text, allowed="\n")
    names, *rows = csv.reader(io.StringIO(text, newline=""))
    for hit, row in zip(found, rows, strict=True):
        cells = dict(zip(names, row, strict=True))
        assert cells["score"] == str(hit.score)
        numbers = ("score", "cosine")
        texts = [cell for name, cell in cells.items() if name not in numbers]
        assert not [cell for cell in texts if cell.lstrip()[:1] in tuple("=+-@＝＋－＠") and cell]


def _without(tokens: list[Token], kind: str) -> list[Token]:
    """Tokens outside of all elements of a kind."""
    depth = 0
    outside = []
    for token in tokens:
        depth += token.nesting if token.type.startswith(kind) else 0
        if depth == 0:
            outside.append(token)
    return outside


@given(HITS)
def test_markdown_is_one_link_and_one_quote_whatever_a_note_holds(hit):
    text = "\n".join(hit_formats.markdown_lines([hit]))
    assert not control_signs(text, allowed="\n")
    tokens = _without(MarkdownIt("commonmark").parse(text), "blockquote")
    inlines = [token for token in tokens if token.type == "inline"]
    assert len(inlines) == 1
    children = inlines[0].children or []
    addresses = [str(one.attrGet("href")) for one in children if one.type == "link_open"]
    cited = hit.paper is not None and hit_formats.paper_address(hit.paper) is not None
    assert len(addresses) == 1 + cited
    assert addresses[0].endswith(f"#L{hit.line_start}-L{hit.line_end}")
    assert ":" not in addresses[0]
    assert all(address.startswith("https://doi.org/") for address in addresses[1:])
    assert {one.type for one in children} <= {
        "text", "text_special", "strong_open", "strong_close", "link_open", "link_close",
    }  # fmt: skip
    shown = "".join(one.content for one in children)
    assert shown.startswith(" ".join(printable(hit.title).split()))


@given(st.lists(HITS, max_size=3))
def test_paths_are_a_line_each(found):
    lines = list(hit_formats.path_lines(found))
    assert not control_signs("".join(lines))
    assert len(lines) == len({hit.path for hit in found})


@given(HOSTILE, HOSTILE, NAMES, HOSTILE)
def test_notes_and_tags_are_printable(path, title, names, text):
    facts = {
        "tags": names,
        "folder_tags": names,
        "date": title,
        "year": 2020,
        "paper": title,
        "links": names,
        "authors": names,
        "aliases": names,
    }
    place = {"path": path, "title": title, "kind": NoteKind.NOTE, "line_start": 1, "line_end": 2}
    body = {"lines": (), "markup": (), "line_numbers": (), "sections": ()}
    note = Note(id=path, **place, **body, **facts)
    passages = (Passage("a", path, names, None, 1, 2, text, text, 3),)
    stored = StoredNote(note_id=path, **place, **facts)
    counts = [TagCount(title, title, True, 3), TagCount(path, path, False, 1)]
    lines = [
        *listings.note_lines(note, passages, Style()),
        *listings.listed_note_lines([stored], Style()),
        *listings.listed_note_lines([stored], Style(60, cuts=True)),
        *listings.shown_note_lines(stored, passages, Style()),
        *listings.tag_lines(counts, Style()),
        *listings.tag_lines(counts, Style(), tree=True),
        listings.note_to_json(note, passages),
        listings.stored_note_to_json(stored),
        to_json(counts),
    ]
    assert not control_signs("".join(lines))


@given(HOSTILE, HOSTILE)
def test_reports_are_printable(path, reason):
    finding, skipped = Finding(path, 3, reason), Finding(path, None, reason)
    report = UpdateReport(findings=(finding,), skipped=(skipped,), added=(path,))
    status = IndexStatus(
        Counts(1, 1, 1, 1, 1), 1, reason, reason, path, 9, reason, reason, 0, 0, (skipped,), None
    )
    lines = [
        listings.finding_line(finding),
        *listings.report_lines(report),
        listings.report_to_json(report),
        *listings.status_lines(status, f"notesearch index {path}"),
        to_json(status),
    ]
    assert not control_signs("".join(lines))
    assert all(line.count(escaped(path)) for line in lines[:3])


@given(HOSTILE, HOSTILE)
def test_failures_of_an_evaluation_are_printable(name, text):
    query = JudgedQuery(id=name, text=text, relevant={name: 1}, kind=text, where=text)
    failure = Failure(query, None, (Found(name, name, name, (1, 1), False),))
    lines = [
        *evaluation_tables.failure_lines("hybrid", [failure]),
        evaluation_tables.evaluation_to_json([], failures={"hybrid": [failure]}),
    ]
    assert not control_signs("".join(lines))


# ------------------------------------------------------------ forms for documents, by example


@pytest.mark.parametrize(
    ("title", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'    =1"),
        ("\r=1", "' =1"),
        ("-1 is a number of theirs", "'-1 is a number of theirs"),
        ("a=b", "a=b"),
    ],
)
def test_text_that_looks_like_a_formula_is_a_text(title, cell):
    hit = replace(_HIT, title=title, score=-0.1)
    (row,) = csv.DictReader(io.StringIO("\n".join(hit_formats.csv_lines([hit])), newline=""))
    assert (row["title"], row["score"]) == (cell, "-0.1")


def test_title_and_path_stay_inside_their_link():
    hit = replace(_HIT, title="a](http://evil) [b", path="javascript:x#\n> y.md")
    assert next(hit_formats.markdown_lines([hit])) == (
        r"1. **[a\](http://evil) \[b](<javascript%3Ax%23%0A%3E y.md#L1-L1>)**"
    )


_HIT = Hit(
    1, 0.5, 0.5, None, "t", "p.md", 1, 1, (), None, (), None, None, None, "p.md", "1", "x", False
)
