"""Notes, tags, reports and remarks as people read them, in whole."""

from __future__ import annotations

import json
from dataclasses import replace

from notesearch.index.reports import (
    CorpusDrift,
    Counts,
    IndexStatus,
    Stage,
    UpdateReport,
)
from notesearch.index.snapshot import StoredNote, TagCount
from notesearch.records import Finding, Note, NoteKind, Passage, Role
from notesearch.render.listings import (
    drift_line,
    finding_line,
    listed_note_lines,
    note_lines,
    note_to_json,
    numbered_note_lines,
    report_lines,
    report_to_json,
    shown_note_lines,
    status_lines,
    stored_note_to_json,
    tag_lines,
)
from notesearch.render.terminal import Style, to_json

NOTE = Note(
    id="digest.md#dpo",
    path="digest.md",
    title="DPO",
    kind=NoteKind.DIGEST_PART,
    line_start=7,
    line_end=21,
    lines=(),
    markup=(),
    line_numbers=(),
    sections=(),
    tags=("dpo", "two words"),
    folder_tags=("rl",),
    date="2026-03-14",
    year=2023,
    paper="arxiv:2305.18290",
    links=("https://arxiv.org/abs/2305.18290",),
    authors=("R. Rafailov", "A. Sharma"),
    aliases=("Direct Preference Optimization",),
)
PASSAGES = (
    Passage("a1", NOTE.id, (), (), 7, 9, "# DPO\n\nNo reward.", "DPO\nNo reward.", 4),
    Passage(
        "a2",
        NOTE.id,
        ("Weak points", "Data"),
        (Role.LIMITATIONS,),
        10,
        21,
        "## Data\n\none two",
        "DPO\n" + "word " * 20,
        120,
    ),
)
PLAIN = replace(
    NOTE,
    id="a.md",
    path="a.md",
    kind=NoteKind.NOTE,
    tags=(),
    folder_tags=(),
    date=None,
    year=None,
    paper=None,
    links=(),
    authors=(),
    aliases=(),
)


def stored(note: Note) -> StoredNote:
    names = StoredNote.__dataclass_fields__
    return StoredNote(**{name: getattr(note, name.removeprefix("note_")) for name in names})


def test_reading_of_a_note_in_whole():
    assert (
        "\n".join(note_lines(NOTE, PASSAGES, Style()))
        == """\
digest.md:7-21  DPO  (digest part)
    tags     dpo, two words
    folders  rl
    date     2026-03-14
    paper    arxiv:2305.18290 (2023)
    authors  R. Rafailov, A. Sharma
    aliases  Direct Preference Optimization
          7-9    4 tokens
               No reward.
        10-21  120 tokens  Weak points › Data [limitations]
               word word word word word word word word word word word word word word …"""
    )


def test_reading_of_a_note_without_facts():
    assert list(note_lines(PLAIN, (), Style())) == ["a.md:7-21  DPO"]


def test_reading_as_json_keeps_every_field():
    value = json.loads(note_to_json(NOTE, PASSAGES))
    assert value["passages"][1] == {
        "section": ["Weak points", "Data"],
        "roles": ["limitations"],
        "line_start": 10,
        "line_end": 21,
        "text": "## Data\n\none two",
        "search_text": PASSAGES[1].search_text,
        "tokens": 120,
    }
    assert (value["kind"], value["tags"]) == ("digest part", ["dpo", "two words"])


def listed(*notes: Note, style: Style = Style()) -> str:  # noqa: B008 - frozen
    return "\n".join(["", *listed_note_lines([stored(note) for note in notes], style), ""])


def test_listed_notes_in_a_pipe_are_a_line_each_and_lose_nothing():
    assert listed(NOTE, PLAIN, replace(PLAIN, date="2026", title="Long " * 60)) == (
        "\n2026-03-14  digest.md:7  DPO  #dpo #two-words"
        "\n            a.md  DPO"
        f"\n2026        a.md  {'Long ' * 60}\n"
    )


TITLE = "Direct Preference Optimization: Your Language Model is Secretly a Reward Model"
LISTED_AT_60 = """
2026-03-14  digest.md:7  DPO  #dpo #two-words
            a.md         Direct Preference Optimization: …
"""
LISTED_AT_120 = """
2026-03-14  digest.md:7  DPO  #dpo #two-words
            a.md         Direct Preference Optimization: Your Language Model is Secretly a Reward Model  #dpo …
"""  # noqa: E501
STACKED_AT_60 = """
2026-03-14  DPO  #dpo #two-words
            a/very/long/path/to/the/one/note/that/matters.md:7
            Direct Preference Optimization: Your Language …
            a.md
"""
LONE_LONG_PATH_AT_60 = """
2026-03-14  a/very/long/path/to/the/one/note/that/matters.md:7
                  DPO  #dpo #two-words
            a.md  DPO
            a.md  DPO
            a.md  DPO
"""


def test_listed_notes_fit_a_terminal_in_columns():
    long = replace(PLAIN, title=TITLE)
    tagged = replace(long, tags=("dpo", "preference learning and more"))
    far = replace(NOTE, path="a/very/long/path/to/the/one/note/that/matters.md")
    assert listed(NOTE, long, style=Style(60, cuts=True)) == LISTED_AT_60
    assert listed(NOTE, tagged, style=Style(120, cuts=True)) == LISTED_AT_120
    assert listed(far, long, style=Style(60, cuts=True)) == STACKED_AT_60
    assert (
        listed(far, style=Style(60, cuts=True)) == "\n".join(STACKED_AT_60.split("\n")[:3]) + "\n"
    )
    assert listed(far, PLAIN, PLAIN, PLAIN, style=Style(60, cuts=True)) == LONE_LONG_PATH_AT_60


def test_reading_of_a_note_fits_a_terminal():
    long = replace(NOTE, title=TITLE, tags=("one", "two words") * 6)
    lines = list(note_lines(long, PASSAGES, Style(60, cuts=True)))
    assert lines[:3] == [
        "digest.md:7-21  Direct Preference …  (digest part)",
        "    tags     one, two words, one, two words, one, two words,",
        "             one, two words, one, two words, one, two words",
    ]
    assert lines[-1] == "               DPO word word word word word word word word …"
    assert next(tag_lines(TAGS, Style(12, cuts=True))) == "1,200  RL/O…"


def test_shown_note_fits_a_terminal():
    note = stored(replace(NOTE, title=TITLE, line_end=7))
    passage = replace(PASSAGES[0], line_start=7, line_end=7)
    lines = list(shown_note_lines(note, [passage], Style(40, cuts=True)))
    assert lines[:2] == [
        "Direct Preference Optimization: Your",
        "Language Model is Secretly a Reward",
    ]
    assert "7" in lines


FORMULA_AND_TABLE = replace(
    PASSAGES[0],
    text="The loss\n\n$$\\mathcal{L} = \\frac{1}{n}\\sum_i x_i \\label{eq:1}$$\n\n"
    "| model | BLEU |\n|---|---|\n| big | 28.4 |",
)


def test_text_of_a_note_is_shown_as_a_reader_sees_it():
    note = stored(PLAIN)
    shown = list(shown_note_lines(note, [FORMULA_AND_TABLE], Style()))
    assert shown[-7:] == [
        "7-9",
        "The loss",
        "",
        "ℒ = 1/n ∑_i x_i",
        "",
        "model │ BLEU",
        "big   │ 28.4",
    ]
    raw = list(shown_note_lines(note, [FORMULA_AND_TABLE], Style(), raw=True))
    assert "\n".join(raw).endswith(FORMULA_AND_TABLE.text)


def test_notes_to_choose_from_have_numbers():
    notes = [stored(NOTE), stored(replace(PLAIN, title="A title\x1b[2J of more than one word"))]
    assert [*numbered_note_lines(notes, 24)] == [
        " 1  DPO",
        "    digest.md:7",
        " 2  A title[2J of more …",
        "    a.md",
    ]


def test_shown_note_in_whole():
    assert (
        "\n".join(shown_note_lines(stored(NOTE), PASSAGES, Style()))
        == """\
DPO
id       digest.md#dpo
lines    digest.md:7-21
tags     dpo, two words, rl
date     2026-03-14
paper    arxiv:2305.18290
year     2023
authors  R. Rafailov, A. Sharma
aliases  Direct Preference Optimization
links    https://arxiv.org/abs/2305.18290

7-9
# DPO

No reward.

10-21
## Data

one two"""
    )
    coloured = list(shown_note_lines(stored(PLAIN), PASSAGES[:1], Style(colour=True)))
    assert coloured[:2] == ["\x1b[1mDPO\x1b[0m", "\x1b[2mid       \x1b[0ma.md"]


def test_stored_note_as_json():
    value = json.loads(stored_note_to_json(stored(NOTE)))
    assert list(value)[:4] == ["note_id", "path", "title", "kind"]
    assert set(value) == set(StoredNote.__dataclass_fields__)
    assert value["kind"] == "digest part"


# ------------------------------------------------------------ tags


TAGS = (
    TagCount("rl/offline", "RL/Offline", False, 1_200),
    TagCount("vision", "vision", True, 12),
    TagCount("rl/offline/cql", "rl/offline/CQL", False, 3),
    TagCount("dpo", "DPO", False, 1),
)


def test_tags_in_whole():
    assert (
        "\n".join(tag_lines(TAGS, Style()))
        == """\
1,200  RL/Offline
   12  vision/
    3  rl/offline/CQL
    1  DPO"""
    )
    assert list(tag_lines((), Style())) == []


def test_tree_of_tags_in_whole():
    assert (
        "\n".join(tag_lines(TAGS, Style(), tree=True))
        == """\
    1  dpo
       rl
1,200    offline
    3      cql
   12  vision"""
    )
    assert list(tag_lines((), Style(), tree=True)) == []


def test_tags_as_json():
    assert to_json(TAGS[3:]) == (
        '[{"normal": "dpo", "written": "DPO", "folder": false, "notes": 1}]'
    )


# ------------------------------------------------------------ what an update did


SKIPPED = Finding("scan.md", None, "not text but a PDF")
FINDING = Finding("a.md", 3, "not UTF-8, read as Windows-1252 (a guess)")
REPORT = UpdateReport(
    added=("a.md", "scan.md"),
    changed=("b.md",),
    renamed=(("c.md", "d.md"),),
    removed=(),
    unchanged=12_000,
    skipped=(SKIPPED,),
    findings=(FINDING,),
    passages_embedded=9,
    passages_reused=2,
    notes=14_000,
    passages=50_000,
    generation=4,
    seconds={Stage.READ: 1.2345, Stage.EMBED: 2.0},
)


def test_remark_says_place_and_finding():
    assert finding_line(FINDING) == "a.md, line 3: not UTF-8, read as Windows-1252 (a guess)"
    assert finding_line(SKIPPED, left_out=True) == "scan.md: left out: not text but a PDF"


def test_report_in_whole():
    assert (
        "\n".join(report_lines(REPORT))
        == """\
a.md, line 3: not UTF-8, read as Windows-1252 (a guess)
scan.md: left out: not text but a PDF
files: 2 added, 1 changed, 1 renamed, 12,000 unchanged, 1 left out; \
passages: 50,000 in 14,000 notes, 9 embedded, 2 reused; 3.2 s"""
    )


def test_report_of_a_dry_run_and_of_nothing():
    dry = UpdateReport(removed=("a.md",), dry_run=True)
    assert list(report_lines(dry)) == ["files: 1 removed; nothing was written"]
    nothing = "files: none; passages: 0 in 0 notes, 0 embedded, 0 reused; 0.0 s"
    assert list(report_lines(UpdateReport())) == [nothing]


def test_report_as_json():
    value = json.loads(report_to_json(REPORT))
    assert list(value) == list(UpdateReport.__dataclass_fields__)
    assert value["seconds"] == {"read": 1.234, "embed": 2.0}
    assert value["renamed"] == [["c.md", "d.md"]]


# ------------------------------------------------------------ what an index is


STATUS = IndexStatus(
    counts=Counts(files=77, added=0, notes=107, passages=1_289, vectors=1_280),
    generation=3,
    embedder="all-MiniLM-L6-v2 float32 1cf79633",
    reading="reader 1, chunker 1",
    dimension=384,
    created="2026-01-01T00:00:00+00:00",
    updated="2026-02-01T00:00:00+00:00",
    catalog_bytes=1_000_000,
    segments_bytes=1_345_678,
    skipped=(SKIPPED,),
    corpus="/home/ada/notes",
    drift=CorpusDrift(0, 0, 0),
)

COMMAND = "notesearch index --index ix"


def test_status_in_whole():
    assert (
        "\n".join(status_lines(STATUS, COMMAND))
        == """\
1,289 passages of 107 notes in 77 files
model     all-MiniLM-L6-v2 float32 1cf79633, 384 dimensions
reading   reader 1, chunker 1
size      2.3 MB
updated   2026-02-01T00:00:00+00:00, generation 3
corpus    /home/ada/notes
          in step
scan.md: left out: not text but a PDF"""
    )


def test_status_without_a_corpus():
    assert list(status_lines(replace(STATUS, drift=None), COMMAND))[5:] == [
        "corpus    /home/ada/notes, which is not there",
        "scan.md: left out: not text but a PDF",
    ]
    assert json.loads(to_json(replace(STATUS, drift=None)))["drift"] is None


def test_drift_in_whole():
    assert drift_line(CorpusDrift(0, 0, 0), COMMAND) == ""
    assert drift_line(CorpusDrift(1_000, 2, 3), COMMAND) == (
        "the index is behind: 1,000 added, 2 changed, 3 removed; run: notesearch index --index ix"
    )
    assert drift_line(CorpusDrift(0, 1, 0), COMMAND) == (
        "the index is behind: 1 changed; run: notesearch index --index ix"
    )
