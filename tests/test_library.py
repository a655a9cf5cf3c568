"""The library as a program uses it."""

from __future__ import annotations

import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import notesearch
from notesearch import Answer, CorpusDrift, Hit, Index, Mode, NotesearchError, Settings
from notesearch.errors import (
    CorpusError,
    NotesearchWarning,
    UnusableIndexError,
    UsageError,
    warn_in_python,
)
from notesearch.index.sqlite_snapshot import SqliteSnapshot
from notesearch.query.filters import AllOf, AnyOf, Not, OfKind, Tag
from notesearch.records import NoteKind, Role
from tests.conftest import NOTES, write_notes
from tests.fakes import WordEmbedder


@pytest.fixture
def index(library: Path):
    with Index.open(library / "index", WordEmbedder(name="notesearch-encoder")) as index:
        yield index


def titles(hits: list[Hit]) -> list[str]:
    return [hit.title for hit in hits]


def test_example_of_the_package_runs_as_it_stands(here, capsys):
    assert notesearch.__doc__ is not None
    blocks = notesearch.__doc__.split("\n\n")
    start = next(n for n, block in enumerate(blocks) if block.startswith("    from notesearch"))
    code = textwrap.dedent("\n\n".join(blocks[start : start + 2]))
    exec(compile(code, "example", "exec"), {})
    assert capsys.readouterr().out.split()[1:4] == ["Direct", "Preference", "Optimization"]


def test_hits_are_ranked_from_1_with_falling_scores(index):
    hits = index.query("reward model")
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert hits[0].title == "Proximal Policy Optimization"


def test_hit_tells_where_it_stands(index, library):
    (hit,) = index.query("reward model", where="tag:dpo")
    lines = (library / "corpus" / hit.path).read_text(encoding="utf-8").splitlines()
    assert "\n".join(lines[hit.line_start - 1 : hit.line_end]) == hit.text
    assert (hit.tags, hit.paper, hit.year) == (("dpo", "alignment", "rl"), "arxiv:2305.18290", 2023)


@pytest.mark.parametrize(
    "where",
    [
        "tag:alignment -tag:dpo",
        Tag("alignment") & ~Tag("dpo"),
        AllOf((Tag("alignment"), Not(Tag("dpo")))),
    ],
)
def test_where_is_a_text_or_a_filter(index, where):
    assert titles(index.query("reward", where=where)) == ["Proximal Policy Optimization"]
    assert [note.path for note in index.notes(where)] == ["rl/ppo.md"]
    assert {tag.normal for tag in index.tags(where)} == {"alignment", "ppo", "rl"}


def test_filters_of_line_and_where_must_both_hold(index):
    assert titles(index.query("reward tag:alignment", where="-tag:dpo")) == [
        "Proximal Policy Optimization"
    ]
    assert index.query("reward tag:vision", where="tag:dpo") == []


def test_filters_without_words_give_the_newest(index):
    newest = ["Direct Preference Optimization", "Proximal Policy Optimization"]
    assert titles(index.query("tag:alignment")) == newest
    assert titles(index.query("", where="tag:alignment")) == newest
    assert titles(index.query("", 1, Tag("alignment"))) == newest[:1]
    answer = index.search("tag:alignment section:limitations")
    assert [hit.roles for hit in answer.hits] == [(Role.LIMITATIONS,)]
    assert answer.where == "tag:alignment section:limitations"


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical", Mode.DENSE])
def test_mode_is_a_name_or_a_choice(index, mode):
    answer = index.search("reward model", mode=mode)
    assert answer.mode is Mode(mode)
    (first, *_) = answer.hits
    assert (first.cosine is None) == (answer.mode is Mode.LEXICAL)
    assert (first.bm25 is None) == (answer.mode is Mode.DENSE)


def test_line_taken_literally_is_no_query_line(index):
    assert index.search('tag:nonesuch "reward', literally=True).hits
    with pytest.raises(UsageError):
        index.search('tag:nonesuch "reward')


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda index: index.query(""), UsageError, "the query is empty"),
        (lambda index: index.query("", where=""), UsageError, "the filter is empty"),
        (lambda index: index.query("x", 0), UsageError, "k must be a whole number from 1 to"),
        (lambda index: index.query("x", per_note=0), UsageError, "per_note must be a whole number"),
        (lambda index: index.query(None), UsageError, "the question must be a text, found None"),
        (lambda index: index.query("x", "3"), UsageError, "k must be a whole number"),
        (lambda index: index.query("x", True), UsageError, "k must be a whole number"),
        (lambda index: index.query("x", 10**20), UsageError, "k must be a whole number"),
        (lambda index: index.query("x", where=7), UsageError, "where must be a text, found 7"),
        (lambda index: index.query("x", mode=None), UsageError, "None is no mode; there are"),
        (lambda index: index.similar(None), UsageError, "the note must be a text"),
        (lambda index: index.show(7), UsageError, "the note must be a text"),
        (lambda index: index.notes(limit=0), UsageError, "limit must be a whole number"),
        (
            lambda index: index.update(lock_timeout_s=float("nan")),
            UsageError,
            "lock_timeout_s must be a number of seconds",
        ),
        (lambda index: index.query("x", mode="fuzzy"), UsageError, "'fuzzy' is no mode; there are"),
        (lambda index: index.query("x", where="dpo"), UsageError, "a word is no filter"),
        (lambda index: index.query("x", where=Tag("dpos")), UsageError, "did you mean dpo"),
        (lambda index: index.show("nonesuch"), UsageError, "no note is called nonesuch"),
        (lambda index: index.update("nowhere"), CorpusError, "nowhere does not exist"),
    ],
)
def test_wrong_call_is_one_error_that_says_so(index, call, error, message):
    with pytest.raises(error, match=message) as caught:
        call(index)
    assert isinstance(caught.value, NotesearchError)


def test_corpus_that_is_not_there(tmp_path):
    with (
        Index.open(tmp_path / "index", WordEmbedder(), create=True) as index,
        pytest.raises(CorpusError, match="nowhere does not exist"),
    ):
        index.update(tmp_path / "nowhere")


def test_index_that_is_not_there(tmp_path):
    with pytest.raises(UnusableIndexError, match="holds no index; open it with create=True"):
        Index.open(tmp_path / "none", WordEmbedder())
    assert not (tmp_path / "none").exists()
    with (
        Index.open(tmp_path / "none", WordEmbedder(), create=True) as index,
        pytest.raises(UnusableIndexError, match="no index"),
    ):
        index.query("policy")


def test_threads_may_ask_at_once(index):
    lines = ["reward model", "image patches", "tag:alignment", "policy -tag:dpo", "speech"] * 8
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(index.query, lines))
    assert together == [index.query(line) for line in lines]


@pytest.mark.parametrize("embedder", ["all-MiniLM-L6-v2", WordEmbedder, object(), 7])
def test_what_cannot_embed_is_refused_at_the_door(library, embedder):
    with pytest.raises(UsageError, match="is not an embedder: it has no"):
        Index.open(library / "index", embedder)


def test_closed_index_refuses_to_answer(library):
    index = Index.open(library / "index", WordEmbedder(name="notesearch-encoder"))
    with index:
        first = index.query("reward model")
    assert first
    for call in (index.query, index.similar, index.show, index.notes, index.tags):
        with pytest.raises(UsageError, match="closed"):
            call("reward model")
    for call in (index.update, index.check, index.status, index.drift):
        with pytest.raises(UsageError, match="closed"):
            call()
    index.close()


def test_update_reports_what_it_did(tmp_path):
    write_notes(tmp_path / "corpus")
    (tmp_path / "corpus/scan.md").write_bytes(b"%PDF-1.7")
    embedder = WordEmbedder()
    with Index.open(tmp_path / "index", embedder, create=True) as index:
        report = index.update(tmp_path / "corpus")
        assert (len(report.added), report.notes, report.passages_embedded) == (6, 5, 5)
        assert [(skip.path, skip.reason) for skip in report.skipped] == [
            ("scan.md", "not text but a PDF")
        ]
        embedder.embedded.clear()
        again = index.update(tmp_path / "corpus")
        assert (again.is_unchanged, again.unchanged, embedder.embedded) == (True, 6, [])
        (tmp_path / "corpus/rl/ppo.md").unlink()
        assert index.update(tmp_path / "corpus", dry_run=True).removed == ("rl/ppo.md",)
        assert index.status().counts.notes == 5
        assert index.update(tmp_path / "corpus").removed == ("rl/ppo.md",)
        assert index.status().counts.notes == 4


def test_open_index_sees_what_an_update_brings(tmp_path):
    write_notes(tmp_path / "corpus")
    with Index.open(tmp_path / "index", WordEmbedder(), create=True) as index:
        index.update(tmp_path / "corpus")
        assert "New" not in titles(index.query("robot"))
        (tmp_path / "corpus/new.md").write_text("# New\n\nA robot.\n", encoding="utf-8")
        index.update(tmp_path / "corpus")
        assert titles(index.query("robot"))[0] == "New"


def test_progress_is_told_to_whoever_listens(tmp_path):
    write_notes(tmp_path / "corpus")
    seen = []
    with Index.open(tmp_path / "index", WordEmbedder(), create=True) as index:
        index.update(tmp_path / "corpus", progress=seen.append)
    assert (seen[-1].files_done, seen[-1].files_total) == (5, 5)
    assert seen[-1].passages_embedded == 5


class Tiny:
    """The least that can embed: two axes, for texts with a reward and without."""

    fingerprint = "tiny-1"
    dimension = 2
    max_tokens = 40

    def embed_passages(self, texts):
        rewards = np.array(["reward" in text for text in texts], dtype=np.float32)
        return np.stack([rewards, 1 - rewards], axis=1)

    def embed_query(self, text):
        return self.embed_passages([text])[0]

    def count_tokens(self, text):
        return len(text.split())


def test_embedder_of_ones_own_takes_the_place_of_the_model(tmp_path):
    write_notes(tmp_path / "corpus")
    settings = Settings(corpus=tmp_path / "corpus", index=tmp_path / "index")
    with Index.open(None, Tiny(), create=True, settings=settings) as index:
        index.update()
        first = index.query("reward", mode="dense", k=2)
        assert sorted(titles(first)) == [
            "Direct Preference Optimization",
            "Proximal Policy Optimization",
        ]
        assert [hit.cosine for hit in first] == [1.0, 1.0]
    with (
        Index.open(None, WordEmbedder(), settings=settings) as index,
        pytest.raises(NotesearchError, match="tiny-1"),
    ):
        index.query("reward")


def test_notes_are_counted_as_they_are_listed(index):
    assert index.count_notes() == len(index.notes()) == 5


def test_note_is_shown_with_its_passages(index):
    note, passages = index.show("rl/dpo.md")
    assert note.title == "Direct Preference Optimization"
    assert [passage.note_id for passage in passages] == ["rl/dpo.md"]


def test_text_around_a_hit(tmp_path):
    parts = "\n\n".join(f"## Part {n}\n\n" + f"word{n} " * 45 for n in range(4))
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/long.md").write_text(f"# Long\n\n{parts}\n", encoding="utf-8")
    settings = Settings(corpus=tmp_path / "corpus", passage_tokens=50)
    with Index.open(tmp_path / "index", WordEmbedder(), create=True, settings=settings) as index:
        index.update()
        assert len(index.query("word2", per_note=None)) == 4
        (hit,) = index.query("word2", 1)
        assert index.passage_text(hit) == hit.text
        around = index.passage_text(hit, around=1)
        assert [f"Part {n}" in around for n in range(4)] == [False, True, True, True]


def test_warnings_are_python_warnings_in_a_library():
    with pytest.warns(NotesearchWarning, match="odd"):
        warn_in_python("odd")


def test_filter_of_lists_is_a_filter_like_any_other(index):
    where = AllOf([Tag("alignment"), OfKind(NoteKind.NOTE)])  # type: ignore[arg-type]
    assert {hit.path for hit in index.query("policy", where=where)} == {"rl/dpo.md", "rl/ppo.md"}


def test_filter_too_large_is_refused_before_the_model_is_asked(library):
    class Refusing(WordEmbedder):
        def embed_query(self, text):
            raise AssertionError("the model was asked")

    where = AnyOf((Tag("alignment"),) * 251)
    with (
        Index.open(library / "index", Refusing(name="notesearch-encoder")) as index,
        pytest.raises(UsageError, match="has 251 parts"),
    ):
        index.query("policy", where=where)


def test_newest_notes_run_their_filter_once(index, monkeypatch):
    asked = []
    plain = SqliteSnapshot.ids_meeting

    def count(snapshot, condition):
        asked.append(condition)
        return plain(snapshot, condition)

    monkeypatch.setattr(SqliteSnapshot, "ids_meeting", count)
    assert len(index.query("tag:alignment", k=5)) == 2
    assert len(asked) == 1


# ------------------------------------------------------------ what is shown of a hit

LONG_NOTE = (
    "# Walking\n\nMuch has been written about the walk of a robot. Many books have been read for "
    "this note as well. "
    + "A book is not a thing that falls over easily. " * 6
    + "An automaton falls where the floor is wet. "
    + "A book is not a thing that stands up again. " * 6
)


class MachineEmbedder(WordEmbedder):
    """Takes two words for one, as a model of meaning does."""

    def embed_passages(self, texts):
        return super().embed_passages([text.replace("automaton", "robot") for text in texts])


@pytest.fixture
def walking(tmp_path):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/walking.md").write_text(LONG_NOTE, encoding="utf-8")
    (tmp_path / "corpus/short.md").write_text("# Short\n\nA robot.\n", encoding="utf-8")
    embedder = MachineEmbedder()
    with Index.open(tmp_path / "index", embedder, create=True) as index:
        index.update(tmp_path / "corpus")
        yield index, embedder


def snippets(index: Index, answer: Answer, max_chars: int) -> dict[str, str]:
    cut = index.snippets(answer, max_chars)
    return {
        hit.path: "".join(f"<{piece.text}>" if piece.marked else piece.text for piece in pieces)
        for hit, pieces in zip(answer.hits, cut, strict=True)
    }


def test_snippet_shows_the_sentence_that_is_nearest_in_meaning(walking):
    index, embedder = walking
    answer = index.search("robot slips")
    embedder.embedded.clear()
    assert snippets(index, answer, 60) == {
        "walking.md": " … An automaton falls where the floor is wet. … ",
        "short.md": "A <robot>.",
    }
    assert "A robot." not in embedder.embedded
    assert "An robot falls where the floor is wet." in embedder.embedded


@pytest.mark.parametrize("mode", ["lexical", "dense"])
def test_snippet_is_chosen_by_words_alone_where_no_model_was_asked(walking, mode):
    index, embedder = walking
    answer = index.search("robot slips", mode=mode)
    embedder.embedded.clear()
    shown = snippets(index, answer, 60)["walking.md"]
    by_meaning = mode == "dense"
    assert ("automaton" in shown) is by_meaning
    assert bool(embedder.embedded) is by_meaning
    assert ("walk of a <robot>." in shown) is not by_meaning


def test_hits_without_a_question_show_their_beginning(walking):
    index, embedder = walking
    embedder.embedded.clear()
    assert snippets(index, index.search("path:walking.md"), 60) == {
        "walking.md": "Much has been written about the walk of a robot. … "
    }
    assert embedder.embedded == []


def test_nobody_who_asks_for_no_snippet_waits_for_one(walking):
    index, embedder = walking
    embedder.embedded.clear()
    index.query("robot slips")
    assert embedder.embedded == []


def test_sentence_longer_than_the_model_reads_is_seen_by_its_beginning(walking, monkeypatch):
    index, embedder = walking
    answer = index.search("robot slips")
    monkeypatch.setattr(MachineEmbedder, "max_tokens", 3)
    embedder.embedded.clear()
    index.snippets(answer, 60)
    assert embedder.embedded
    assert max(map(embedder.count_tokens, embedder.embedded)) <= 3


@pytest.mark.parametrize("name", ["index", ".index", "a [*b] \\c?/index"])
def test_index_in_its_corpus_is_no_note(tmp_path: Path, name: str) -> None:
    write_notes(tmp_path)
    with Index.open(tmp_path / name, WordEmbedder(), create=True) as index:
        for _ in range(2):
            index.update(tmp_path)
            assert {note.path for note in index.notes()} == set(NOTES)
        assert index.drift() == CorpusDrift(0, 0, 0)
