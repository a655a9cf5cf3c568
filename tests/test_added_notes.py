"""Notes that are no files, through the library as a program uses it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from notesearch import AddedNote, Index, Settings
from notesearch.cli.output import ExitCode
from notesearch.errors import CorpusError, MismatchError, UsageError
from notesearch.records import NoteKind
from tests.cli.conftest import Run, run
from tests.conftest import make_library
from tests.fakes import WordEmbedder

__all__ = ["run"]  # a fixture

TEXT = """# Hands of a robot

A robot holds a proof in its hand.

## Limitations

The speech of a robot is slow.
"""


def embedder() -> WordEmbedder:
    return WordEmbedder(name="notesearch-encoder")


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    make_library(tmp_path)
    with Index.open(tmp_path / "index", embedder()) as index:
        yield index


def paths(index: Index) -> list[str]:
    return sorted(note.path for note in index.notes())


def test_added_note_is_asked_for_as_any_other(index: Index) -> None:
    report = index.add(TEXT, id="zotero:7", tags=["robots", "#dpo"], date=date(2026, 5, 2))
    assert (report.added, report.notes, report.passages_embedded) == (("zotero:7",), 6, 1)

    answer = index.search("robot hand", where="tag:robots since:2026-05")
    (hit,) = answer.hits
    assert (hit.path, hit.note_id, hit.title) == ("zotero:7", "zotero:7", "Hands of a robot")
    assert (hit.tags, hit.date) == (("robots", "dpo"), "2026-05-02")
    assert (hit.line_start, hit.line_end) == (1, 7)
    (snippet,) = index.snippets(answer)
    assert "".join(piece.text for piece in snippet).startswith("A robot holds a proof")
    for name in ("zotero:7:3-5", "Hands of a robot", "hands", hit.passage_id):
        assert index.show(name)[0].note_id == "zotero:7"
    assert index.complete("zot") == [("zotero:7", "Hands of a robot")]
    note, passages = index.show("zotero:7")
    assert note.kind is NoteKind.ADDED
    assert "\n".join(passage.text for passage in passages) == TEXT.strip()
    assert index.show("hands of a robot")[0] == note
    assert index.notes("kind:added") == [note]
    assert [hit.path for hit in index.similar("rl/dpo.md", where="path:zotero*").hits] == [
        "zotero:7"
    ]
    assert {tag.normal: tag.notes for tag in index.tags()}["dpo"] == 2


def test_what_is_given_wins_over_what_the_text_says(index: Index) -> None:
    text = "---\ntitle: From the text\ntags: [speech]\ndate: 2024-01-02\n---\n\n# A\n\nA robot.\n"
    index.add(text, id="a")
    index.add(text, id="b", title="Given (2020)", tags=["dpo"], date="2025")
    index.add("A robot and no title.", id="notes/2023-05-01 c.md")

    first, second, third = (index.show(name)[0] for name in ("a", "b", "notes/2023-05-01 c.md"))
    assert (first.title, first.tags, first.date) == ("From the text", ("speech",), "2024-01-02")
    assert (second.title, second.tags, second.date) == ("Given (2020)", ("dpo", "speech"), "2025")
    # An id is a name of the program's, and says nothing.
    assert (third.title, third.date, third.folder_tags) == ("notes/2023-05-01 c.md", None, ())


def test_text_that_looks_like_a_digest_stays_one_note(index: Index) -> None:
    papers = "".join(
        f"## Paper {n}\n\n[link](https://arxiv.org/abs/2305.1829{n})\n\nA robot.\n\n"
        for n in range(6)
    )
    index.add(f"# Digest\n\n{papers}", id="digest")
    assert len(index.notes("path:digest")) == 1


def test_hashtags_in_prose_are_tags_where_the_settings_say_so(tmp_path: Path) -> None:
    for inline_tags, expected in (("auto", ()), ("always", ("robotics",))):
        settings = Settings(inline_tags=inline_tags)
        folder = tmp_path / inline_tags
        with Index.open(folder, embedder(), create=True, settings=settings) as index:
            index.add("A robot, #robotics as it were.", id="a")
            assert index.show("a")[0].tags == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"id": ""}, "'' is no id"),
        ({"id": " a"}, "' a' is no id; give a text on one line"),
        ({"id": "a\nb"}, "is no id; give a text on one line"),
        ({"id": "./a"}, "'./a' is no id"),
        ({"id": "."}, "'.' is no id"),
        ({"id": "a/../b"}, "'a/../b' is no id"),
        ({"id": "/a"}, "'/a' is no id"),
        ({"id": 7}, "an id must be a text, found 7"),
        ({"id": "a" * 5000}, "an id has at most 4096 characters"),
        ({"id": "\ud800"}, "is not UTF-8; leave out the lone surrogate"),
        ({"text": None}, "a: the text must be a text, found None"),
        ({"text": "\ud800 robot"}, "a: .* is not UTF-8"),
        ({"text": "---\ntitle: T\n---\n"}, "a: no text in it; hand in a text of some words"),
        ({"text": "%PDF-1.7"}, "a: not text but a PDF"),
        ({"title": " "}, "a: the title is empty"),
        ({"tags": "dpo"}, "a: tags must be a list of texts, found 'dpo'"),
        ({"tags": None}, "a: tags must be a list of texts, found None"),
        ({"tags": [7]}, "a: tags must be a list of texts"),
        ({"date": "12 May"}, "a: the date must be like 2026-05-12, 2026-05 or 2026"),
        ({"date": "2026-02-30"}, "a: the date must be like"),
        ({"date": 2026}, "a: the date must be like"),
        ({"id": "rl/dpo.md"}, "rl/dpo.md is a file of the corpus; give another id"),
        ({"lock_timeout_s": -1}, "lock_timeout_s must be a number of seconds"),
    ],
)
def test_wrong_note_is_one_line_that_says_why(index: Index, given, message: str) -> None:
    before = paths(index)
    call = {"text": "A robot.", "id": "a", **given}
    with pytest.raises(UsageError, match=message) as caught:
        index.add(call.pop("text"), **call)
    assert "\n" not in str(caught.value)
    assert paths(index) == before


def test_dates_are_kept_as_precise_as_they_were_given(index: Index) -> None:
    when = datetime(2026, 5, 12, 8, 30)
    for note_id, given in (("a", "2026"), ("b", "2026-05"), ("c", when), ("d", None)):
        index.add("A robot.", id=note_id, date=given)
    assert [index.show(name)[0].date for name in "abcd"] == ["2026", "2026-05", "2026-05-12", None]


def test_many_notes_are_added_at_once_or_not_at_all(index: Index) -> None:
    notes = [AddedNote(id=f"n{n}", text=f"A robot with {n} hands.") for n in range(50)]
    with pytest.raises(UsageError, match="n7: no text in it"):
        index.add_all([*notes[:7], AddedNote(id="n7", text="…")])
    assert index.notes("kind:added") == []

    seen = []
    report = index.add_all(notes, progress=seen.append)
    assert (len(report.added), report.generation) == (50, 2)
    assert seen[-1].passages_embedded == 50
    assert (max(p.passages_to_embed for p in seen), seen[-1].passages_to_embed) == (50, 0)
    assert len(index.notes("kind:added")) == 50
    assert index.remove("n1", "n2", "n1").removed == ("n1", "n2")
    assert len(index.notes("kind:added")) == 48
    assert index.add_all([]).generation == index.remove().generation == 3
    with pytest.raises(UsageError, match="a note must be an AddedNote, found 'n9'"):
        index.add_all(["n9"])  # type: ignore[list-item]


def test_status_counts_added_notes_apart_and_check_finds_nothing_wrong(index: Index) -> None:
    index.add(TEXT, id="a")
    status = index.status()
    assert (status.counts.files, status.counts.added, status.counts.notes) == (5, 1, 6)
    assert status.drift is not None
    assert (status.drift.added, status.drift.removed) == (0, 0)
    assert index.check() == ()


# ------------------------------------------------------------ an index of added notes alone


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    with Index.open("index", embedder(), create=True) as index:
        index.add(TEXT, id="a")
    return tmp_path


def test_index_needs_no_folder_of_notes(alone: Path) -> None:
    with Index.open("index", embedder()) as index:
        assert [hit.path for hit in index.query("robot")] == ["a"]
        assert index.update().notes == 1
        drift = index.drift()
        assert drift is not None
        assert (drift.added, drift.changed, drift.removed) == (0, 0, 0)
        assert (index.status().corpus, index.status().drift) == ("", None)


def test_index_without_a_folder_changes_over_to_another_model(alone: Path) -> None:
    with Index.open("index", WordEmbedder(name="other")) as index:
        with pytest.raises(MismatchError):
            index.update()
        assert index.update(rebuild=True).passages_embedded == 1
        assert [hit.path for hit in index.query("robot")] == ["a"]


def test_index_without_a_folder_is_made_again_when_it_is_damaged(alone: Path) -> None:
    catalog = alone / "index/catalog.sqlite"
    content = bytearray(catalog.read_bytes())
    content[content.index(b"probe_cosines")] ^= 1
    catalog.write_bytes(content)
    with Index.open("index", embedder()) as index:
        assert index.check() != ()
        assert index.update(rebuild=True).notes == 1
        assert [hit.path for hit in index.query("robot")] == ["a"]


def test_a_folder_may_come_later(alone: Path) -> None:
    make_library(alone / "elsewhere")
    shutil.copytree(alone / "elsewhere/corpus", alone / "corpus")
    with Index.open("index", embedder()) as index:
        drift = index.drift()
        assert drift is not None
        assert drift.added == 5
        assert index.status().drift == drift
        assert len(index.update().added) == 5
        assert len(index.notes()) == 6
        shutil.rmtree("corpus")
        with pytest.raises(CorpusError):
            index.update()
        assert len(index.notes()) == 6


# ------------------------------------------------------------ from the command line


def test_commands_show_added_notes_and_keep_them(here: Path, run: Run) -> None:
    with Index.open("index", embedder()) as index:
        index.add(TEXT, id="zotero:7", title="Robot hands")
    assert "in 5 files and 1 added note\n" in run("status").out
    assert run("index", "--rebuild").code == ExitCode.OK
    assert run("query", "robot hand", "--paths").out.splitlines()[0] == "zotero:7"
    assert "A robot holds a proof" in run("show", "zotero:7").out
    ended = run("show", "zotero:7", "--open")
    assert (ended.code, ended.err) == (
        ExitCode.USAGE,
        "notesearch: zotero:7 is no file: a program added it; "
        "notesearch show, without --open, shows it\n",
    )


def test_query_of_added_notes_alone_misses_no_folder(
    alone: Path, word_model: None, run: Run
) -> None:
    ended = run("query", "robot hand", "--paths")
    assert (ended.code, ended.out, ended.err) == (ExitCode.OK, "a\n", "")
    assert "corpus    no folder" in run("status").out
