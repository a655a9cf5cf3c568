"""A question that brings the index in step first: by the option, or by the setting."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from notesearch import Index
from notesearch.cli.output import ExitCode
from notesearch.index import update as index_update
from tests.conftest import write_notes
from tests.fakes import WordEmbedder
from tests.index.faults import holding_the_lock

ASK = ("query", "robot", "--paths", "-k", "1")


@pytest.fixture
def on_query(here: Path) -> Path:
    """A library whose settings say that a question brings it in step."""
    (here / "notesearch.yaml").write_text("update: on-query\n", encoding="utf-8")
    return here


def write_new() -> None:
    Path("corpus/new.md").write_text("# Robot\n\nA robot.\n", encoding="utf-8")


def test_setting_brings_the_index_in_step_before_the_answer(on_query, run):
    write_new()
    ended = run(*ASK)
    assert ended.out == "new.md\n"
    assert ended.err.startswith("files: 1 added, 5 unchanged; ")
    assert run(*ASK).err == ""


def test_environment_says_so_too(here, run, monkeypatch):
    monkeypatch.setenv("NOTESEARCH_UPDATE", "on-query")
    write_new()
    assert run(*ASK).out == "new.md\n"


def test_nothing_is_updated_where_no_file_differs(on_query, run, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("an update was made")

    monkeypatch.setattr(index_update, "update_index", refuse)
    assert run("query", "reward model").code == ExitCode.OK
    write_new()
    assert run(*ASK).code == ExitCode.BUG


@pytest.mark.parametrize("option", [(), ("--update",)], ids=["setting", "option"])
def test_index_that_another_process_writes_answers_as_it_is(on_query, run, monkeypatch, option):
    monkeypatch.setattr("notesearch.cli.chosen_index._LOCK_WAIT_S", 0.0)
    write_new()
    with holding_the_lock(on_query / "index"):
        ended = run("query", "reward", "--paths", "-k", "1", *option)
    assert (ended.code, ended.out) == (ExitCode.OK, "rl/ppo.md\n")
    assert ended.err == "another process is writing index; answered from the index as it is\n"


def test_corpus_that_is_gone_stops_no_answer(on_query, run):
    shutil.rmtree("corpus")
    ended = run("query", "reward", "--paths", "-k", "1")
    assert (ended.code, ended.out) == (ExitCode.OK, "rl/ppo.md\n")
    assert ended.err == f"corpus {on_query}/corpus is not there; answered from the index as it is\n"


def test_update_that_fails_stops_no_answer(on_query, run):
    for note in Path("corpus").rglob("*.md"):
        note.unlink()
    ended = run("query", "reward", "--paths", "-k", "1")
    assert (ended.code, ended.out) == (ExitCode.OK, "rl/ppo.md\n")
    assert "nothing was removed from the index" in ended.err
    assert ended.err.endswith("; answered from the index as it is\n")
    assert run("query", "reward", "--update").code == ExitCode.USAGE  # who asks for it is told


def test_folder_that_a_foreign_index_names_is_left_alone(on_query, run, tmp_path):
    write_notes(tmp_path / "private")
    foreign = tmp_path / "download/index"
    with Index.open(foreign, WordEmbedder(name="notesearch-encoder"), create=True) as index:
        index.update(tmp_path / "private")
    shutil.rmtree(tmp_path / "state-of-the-user")
    (tmp_path / "private/secret.md").write_text("# Robot\n\nA robot.\n", encoding="utf-8")
    ended = run(*ASK, "-i", "download/index")
    assert "was made elsewhere, of" in ended.err
    assert "which is left alone" in ended.err
    assert ended.out != "secret.md\n"


def test_another_word_is_refused_with_those_there_are(here, run):
    (here / "notesearch.yaml").write_text("update: always\n", encoding="utf-8")
    ended = run(*ASK)
    assert ended.code == ExitCode.USAGE
    assert "update must be one of manual, on-query, found 'always'" in ended.err
