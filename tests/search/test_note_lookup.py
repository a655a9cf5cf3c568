"""Find one note by what a person calls it: in a real index, beside the files of its corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch import Index, Settings
from notesearch.corpus.reading_rules import ReadingRule
from notesearch.search.note_lookup import NoteNameError, read_place
from tests.conftest import write_notes
from tests.fakes import WordEmbedder

DIGEST = """# Papers of the week

Three of them.

#### A graph of proofs

arxiv: 2301.00001

The proof is a graph.

#### A robot that reads

arxiv: 2301.00002

The robot reads a policy.

#### A speech model

arxiv: 2301.00003

Speech is a graph.
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("named")
    write_notes(place / "corpus")
    (place / "corpus/week.md").write_text(DIGEST, encoding="utf-8")
    (place / "link").symlink_to(place / "corpus")
    settings = Settings(reading=(ReadingRule("week.md", split="headings", level=4),))
    with Index.open(place / "index", WordEmbedder(), create=True, settings=settings) as index:
        index.update(place / "corpus")
        assert len(index.notes("path:week.md")) == 4
    return place


@pytest.fixture
def index(place, monkeypatch):
    monkeypatch.chdir(place)
    with Index.open("index", WordEmbedder()) as opened:
        yield opened


@pytest.mark.parametrize(
    "name",
    [
        "rl/dpo.md",
        "rl/dpo.md:8-12",
        "rl/dpo.md:8",
        "rl/dpo.md:8:3",
        "./rl/dpo.md",
        "vision/../rl/dpo.md",
        "corpus/rl/dpo.md",
        "corpus/rl/dpo.md:8-12",
        "link/rl/dpo.md",
        "index/../corpus/rl/dpo.md:8",
        "dpo.md:8-12",
        "dpo",
        " dpo ",
        "rl/dpo",
        "direct preference",
        "Direct Preference Optimization",
    ],
)
def test_note_goes_by(index, name):
    assert index.show(name)[0].note_id == "rl/dpo.md"


def test_note_goes_by_its_absolute_path(index, place):
    for path in (place / "corpus/rl/dpo.md", place / "link/rl/dpo.md"):
        assert index.show(str(path))[0].note_id == "rl/dpo.md"
        assert index.show(f"{path}:8-12")[0].note_id == "rl/dpo.md"


def test_path_is_the_one_from_the_working_folder_where_it_is_none_of_the_corpus(
    index, place, monkeypatch
):
    monkeypatch.chdir(place / "corpus/vision")
    with Index.open(place / "index", WordEmbedder()) as opened:
        assert opened.show("survey.md")[0].note_id == "vision/survey.md"
        assert opened.show("../speech/survey.md")[0].note_id == "speech/survey.md"


def test_line_chooses_among_the_notes_of_a_file(index):
    titles = [index.show(f"week.md:{line}")[0].title for line in (1, 4, 5, 9, 11, 99)]
    assert titles == [
        "Papers of the week",
        "Papers of the week",
        "A graph of proofs",
        "A graph of proofs",
        "A robot that reads",
        "A speech model",
    ]
    assert index.show("week:12")[0].title == "A robot that reads"


def test_every_hit_is_found_by_what_is_printed_of_it(index):
    for hit in index.query("policy graph reward speech", 50, per_note=None):
        for name in (
            f"{hit.path}:{hit.line_start}-{hit.line_end}",
            f"corpus/{hit.path}:{hit.line_start}",
            hit.note_id,
            hit.passage_id,
        ):
            assert index.show(name)[0].note_id == hit.note_id


def test_whole_name_means_its_notes_whatever_else_begins_so(tmp_path):
    notes = {
        "2026-03-01-grpo.md": "# A robot\n\nText.\n",
        "a.md": "# DPO loss\n\nText.\n",
        "b.md": "---\naliases: [dpo-loss, r-to-Q*]\n---\n\n# DPO loss of today\n\nText.\n",
        "grpo-later.md": "# GRPO later\n\nText.\n",
        "rtoq.v2.md": "# R to Q\\* again\n\nText.\n",
    }
    (tmp_path / "corpus").mkdir()
    for path, text in notes.items():
        (tmp_path / "corpus" / path).write_text(text, encoding="utf-8")
    with Index.open(tmp_path / "index", WordEmbedder(), create=True) as index:
        index.update(tmp_path / "corpus")
        for name, path in (
            ("Dpo Loss!", "a.md"),  # the title of one comes before the alias of another
            ("r to q", "b.md"),
            ("grpo", "2026-03-01-grpo.md"),
            ("dpo loss of", "b.md"),
        ):
            assert index.show(name)[0].path == path
        for name in ("Dpo Loss!", "r to q", "grpo"):  # and a question finds what a name means
            assert index.show(name)[0].path in {hit.path for hit in index.query(name)[:2]}
            assert index.query(name)[0].path != "grpo-later.md"


def test_name_of_several_notes_holds_them(index):
    with pytest.raises(NoteNameError, match=r"Survey means 2 notes: speech/survey\.md, ") as error:
        index.show("A Survey")
    assert [note.note_id for note in error.value.notes] == ["speech/survey.md", "vision/survey.md"]
    assert error.value.count == 2


def test_unknown_name_holds_the_nearest(index):
    with pytest.raises(NoteNameError, match=r"called dpi; did you mean rl/dpo\.md") as error:
        index.similar("dpi")
    assert error.value.notes[0].note_id == "rl/dpo.md"
    assert error.value.count == 0


def test_path_that_leads_out_of_the_corpus_is_no_note(index, place):
    for name in ("/etc/passwd", "corpus/../secret.md", "\0", "x" * 5000, f"{place}/corpus"):
        with pytest.raises(NoteNameError):
            index.show(name)


def test_file_that_is_gone_is_found_by_its_path(index, place):
    file = Path("corpus/rl/ppo.md")
    text = file.read_text(encoding="utf-8")
    file.unlink()
    try:
        assert index.show("corpus/rl/ppo.md")[0].note_id == "rl/ppo.md"
    finally:
        file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("a/b.md:13-18", ("a/b.md", 13)),
        ("a/b.md:13", ("a/b.md", 13)),
        ("a/b.md:13:5: text", ("a/b.md:13:5: text", None)),
        ("a/b.md:13:5:", ("a/b.md", 13)),
        ("a/b.md", ("a/b.md", None)),
        (":13", (":13", None)),
        ("a:0", ("a:0", None)),
        ("Attention: 2017", ("Attention: 2017", None)),
        ("GPT:3", ("GPT", 3)),
    ],
)
def test_line_behind_a_path_is_read(name, place):
    assert read_place(name) == place
