"""`--at`: commands that ask the notes as they were, and what they say of it."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import time
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode
from notesearch.search.verdict import UNRELATED
from tests.cli.conftest import ROOT, Run, run_apart, start
from tests.embedding_server import KEY, EmbeddingServer, running_server
from tests.fakes import WordEmbedder
from tests.git_notes import GitNotes, needs_git

pytestmark = needs_git

DPO = "# On policies\n\nA policy without a reward model. #dpo\n"
OLD = "# Small steps\n\nA reward scores a policy.\n"


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word_model: None) -> GitNotes:
    """The working folder: a repository with two commits, its notes and their index."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    notes = GitNotes(tmp_path / "here")
    notes.commit({"a/dpo.md": DPO, "steps.md": OLD}, "2024-01-01")
    notes.commit({"steps.md": None, "image.md": "# Image\n\nAn image.\n"}, "2024-02-01")
    monkeypatch.chdir(notes.root)
    return notes


@pytest.fixture
def head(notes: GitNotes, run: Run) -> str:
    """How the first commit is called at the head of an answer; the index is made."""
    assert run("index").code == ExitCode.OK
    return f"at {notes.git('rev-parse', 'HEAD~1')[:7]} 2024-01-01\n"


def test_query_says_once_at_which_commit_it_is_answered(run, head, notes):
    ended = run("query", "reward scores", "--at", "HEAD~1")
    assert (ended.code, ended.err) == (ExitCode.OK, head)
    assert ended.out.splitlines()[1].strip().startswith("steps.md:")
    assert run("query", "reward", "--at", "2024-01-20").err == head
    found = json.loads(run("query", "reward scores", "--at", "HEAD~1", "--json").out)
    assert found[0]["path"] == "steps.md"
    assert {hit["commit"] for hit in found} == {notes.git("rev-parse", "HEAD~1")}
    assert json.loads(run("query", "image", "--json").out)[0]["commit"] is None


def test_notes_tags_show_and_similar_take_it_too(run, head):
    listed = run("notes", "--at", "HEAD~1")
    assert (listed.err, len(listed.out.splitlines())) == (head, 2)
    assert "steps.md" in listed.out
    assert "steps.md" not in run("notes").out
    assert run("tags", "--at", "HEAD~1").out == run("tags").out
    shown = run("show", "steps.md", "--at", "HEAD~1")
    assert (shown.err, "A reward scores a policy." in shown.out) == (head, True)
    like = run("similar", "dpo", "--at", "HEAD~1", "--json")
    assert (like.err, json.loads(like.out)[0]["path"]) == (head, "steps.md")


def test_lines_of_a_batch_are_answered_at_one_commit(run, head):
    ended = run("query", "--batch", "-", "--at", "HEAD~1", stdin="reward scores\nimage\n")
    assert ended.err == head
    answers = [json.loads(line) for line in ended.out.splitlines()]
    assert answers[0]["hits"][0]["path"] == "steps.md"


def test_number_of_a_hit_means_the_note_as_it_was(run, head):
    run("query", "reward scores", "--at", "HEAD~1")
    shown = run("show", "1")
    assert shown.code == ExitCode.OK
    assert shown.err == f'{head}1 of the hits of "reward scores": steps.md:1\n'
    assert "A reward scores a policy." in shown.out
    assert run("similar", "1", "--json").err.startswith(head)
    run("query", "image")
    assert "at " not in run("show", "1").err


def test_file_of_an_earlier_note_is_not_opened_as_it_is_now(run, head, notes, monkeypatch):
    monkeypatch.setenv("EDITOR", "false")
    ended = run("show", "dpo", "--open", "--at", "HEAD~1")
    commit = head.split()[1]
    assert ended.code == ExitCode.USAGE
    assert ended.err.splitlines()[1] == (
        "notesearch: --open opens a file as it is now, and a/dpo.md may be another since "
        f"{commit}; to read it as it was, run: git show {commit}:corpus/a/dpo.md"
    )
    assert notes.git("show", f"{commit}:corpus/a/dpo.md") == DPO.strip()


def test_links_of_hits_lead_to_notes_as_they_are_alone(head, notes):
    # FORCE_HYPERLINK would do; a terminal that knows links is named by its program.
    asked = ("query", "reward policy", "-k", "1")
    known = {"FORCE_COLOR": "1", "TERM_PROGRAM": "WezTerm", "TERM": "xterm-256color"}
    now = run_apart(asked, notes.root, **known)
    then = run_apart((*asked, "--at", "HEAD~1"), notes.root, **known)
    assert now.code == then.code == ExitCode.OK
    assert "\x1b]8;" not in then.out
    assert ("\x1b]8;" in now.out) or "\x1b[" in now.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--at", "nonesuch"), "nonesuch names no commit of the repository of"),
        (("--at", "2023-05-01"), "2023-05-01 is before"),
        (("--at", "2024-02-31"), "2024-02-31 is no day; give one as in 2024-05-01"),
        (("--at=--exec=x",), "--exec=x is no name of a commit: none begins with a minus"),
        (("--at", ""), "no commit is named; give one, or a day as in 2024-05-01"),
        (("--at", "HEAD", "--update"), "--update is for the notes as they are, and --at not"),
    ],
)
def test_wrong_commit_is_answered_in_one_line(run, head, arguments, said):
    ended = run("query", "reward", *arguments)
    assert ended.code == ExitCode.USAGE
    assert ended.out == ""
    (line,) = ended.err.splitlines()
    assert line.startswith(f"notesearch: {said}")


def test_notes_in_no_repository_and_two_indexes_are_named(run, head, tmp_path, monkeypatch):
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/a.md").write_text("a policy")
    run("index", str(tmp_path / "plain"), "--name", "plain")
    run("index", "--name", "ours")
    ended = run("query", "policy", "--at", "HEAD", "-i", "plain")
    assert ended.code == ExitCode.USAGE
    assert "is in no git repository" in ended.err
    ended = run("query", "policy", "--at", "HEAD", "-i", "plain,ours")
    assert ended.code == ExitCode.USAGE
    assert "plain and ours are two indexes; name one with -i" in ended.err


def test_files_that_cannot_be_read_are_named_when_their_commit_is_first_asked(run, head, notes):
    notes.commit({"broken.md": b"\x89PNG\r\n\x1a\n..."}, "2024-03-01")
    first = run("query", "image", "--at", "HEAD")
    assert first.code == ExitCode.OK
    assert "broken.md" in first.err.splitlines()[1]
    assert len(run("query", "image", "--at", "HEAD").err.splitlines()) == 1


def test_cache_lists_and_removes_it(run, head, tmp_path):
    run("query", "reward", "--at", "HEAD~1")
    past = tmp_path / "cache/notesearch/past"
    line = run("cache").out.splitlines()[-1]
    assert line.startswith(f"{past}: 1 index of earlier notes, 0.")
    (entry,) = [one for one in json.loads(run("cache", "--json").out) if "asked" in one]
    assert (Path(entry["folder"]).parent, entry["flaw"]) == (past, None)
    assert entry["size"] > 10_000
    assert f"removed {past}: 1 index of earlier notes" in run("cache", "--clear").err
    assert not [place for place in past.iterdir() if place.is_dir()]
    assert run("query", "reward", "--at", "HEAD~1").err == head


def test_interrupted_it_keeps_what_was_embedded_and_says_how_to_go_on(head, notes, run):
    process = start("query", "reward", "--at", "HEAD~1", cwd=notes.root, SLOW_MODEL="1")
    past = notes.root.parent / "cache/notesearch/past"
    until = time.monotonic() + 60
    while not list(past.glob("*.making/catalog.sqlite")) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED
    assert err.splitlines()[-1] == (
        "notesearch: interrupted; what was embedded is kept, and the same command goes on from "
        "there"
    )
    assert run("query", "reward", "--at", "HEAD~1").err == head


def test_commands_of_the_page_run_in_a_repository_of_the_notes(tmp_path, monkeypatch, run, notes):
    page = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    section = page.partition("## The notes as they were\n")[2].partition("\n## ")[0]
    commands = [shlex.split(line)[1:] for line in section.splitlines() if line.startswith("    n")]
    shipped = GitNotes(tmp_path / "shipped")
    shutil.copytree(ROOT / "corpus", shipped.corpus, dirs_exist_ok=True)
    for day in ("2024-01-01", "2024-04-30", "2024-06-01", "2024-07-01"):
        shipped.commit({f"{day}.md": f"# A day\n\nOf {day}.\n"}, day)
    shipped.git("tag", "draft")
    monkeypatch.chdir(shipped.root)
    run("index")
    for command in commands:
        ended = run(*command)
        assert ended.code == ExitCode.OK, (command, ended.err)
        assert ended.err.startswith("at ")
    assert len(commands) == 5


# ------------------------------------------------------------- a model that a server runs


@pytest.fixture
def server(notes, tmp_path, monkeypatch):
    monkeypatch.undo()  # the stand-in for the model
    monkeypatch.chdir(notes.root)
    for kind in ("CONFIG", "STATE", "DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    monkeypatch.setenv("NOTESEARCH_API_KEY", KEY)
    with running_server() as server:
        own = tmp_path / "config/notesearch/config.yaml"
        own.parent.mkdir(parents=True)
        own.write_text(f"model: openai:words\nendpoint: {server.endpoint}\n")
        yield server


def test_server_is_sent_new_texts_alone_and_is_warned_of_once(server: EmbeddingServer, run: Run):
    assert "warning: the texts" in run("index").err
    sent = len(server.texts)
    asked = run("query", "reward scores", "--at", "HEAD~1", "--json")
    assert asked.code == ExitCode.OK
    assert "warning" not in asked.err
    assert json.loads(asked.out)[0]["path"] == "steps.md"
    new = server.texts[sent:]
    assert [text for text in new if "scores" in text and "Small" in text]
    assert not [text for text in new if "without" in text]  # the index has it
    sent = len(server.texts)
    run("query", "reward scores", "--at", "HEAD~1")
    assert server.texts[sent:] == ["reward scores"]


def test_another_model_of_a_server_by_the_same_name_makes_the_index_anew(
    server: EmbeddingServer, run: Run
):
    run("index")
    run("query", "reward", "--at", "HEAD~1")
    # One that puts other texts near each other, also those that an index is probed with.
    words = dict.fromkeys(" ".join(UNRELATED).lower().split())
    server.model = WordEmbedder(("reward", "policy", *list(words)[:6]))
    run("index", "--rebuild")
    sent = len(server.texts)
    assert run("query", "reward", "--at", "HEAD~1").code == ExitCode.OK
    assert [text for text in server.texts[sent:] if "Small" in text]
