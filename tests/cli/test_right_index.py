"""Which index a command is about: a wrong name makes none, and every way on names the right one."""

from __future__ import annotations

import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from filelock import FileLock

from notesearch.cli.output import ExitCode
from notesearch.library import Index
from tests.cli.conftest import start


def follow(run, said: str) -> None:
    """Run the command that an error or a remark ends with."""
    words = shlex.split(said.rstrip("\n").rpartition("run: ")[2])
    assert words[0] == "notesearch"
    assert run(*words[1:]).code == ExitCode.OK


# ------------------------------------------------------------ an index that is not there


@pytest.fixture(params=["option", "settings", "environment", "config"])
def named(request, here, monkeypatch):
    """Name an index that is not there, in one of the four ways; the options that go with it."""
    shutil.rmtree("index")
    if request.param == "option":
        return ["--index", "my index"]
    if request.param == "environment":
        monkeypatch.setenv("NOTESEARCH_INDEX", "my index")
        return []
    file = Path("notesearch.yaml" if request.param == "settings" else "my settings.yaml")
    file.write_text("index: my index\n", encoding="utf-8")
    return [] if request.param == "settings" else ["--config", str(file)]


@pytest.mark.parametrize(
    "command",
    [
        ["query", "reward model"],
        ["query", "reward model", "--update"],
        ["query", "--batch", "queries.txt"],
        ["similar", "rl/dpo.md"],
        ["notes"],
        ["tags"],
        ["show", "rl/dpo.md"],
        ["status"],
        ["check"],
        ["eval", "queries.yaml"],
    ],
    ids=" ".join,
)
def test_index_that_is_named_and_missing_is_not_made(named, run, command):
    Path("queries.txt").write_text("policy\n", encoding="utf-8")
    Path("queries.yaml").write_text(
        "- {id: q, text: policy, relevant: [rl/dpo.md]}\n", encoding="utf-8"
    )
    ended = run(*command, *named)
    assert (ended.code, ended.out) == (ExitCode.INDEX, "")
    assert ended.err.startswith("notesearch: my index holds no index; run: notesearch index ")
    assert "--index 'my index'" in ended.err
    assert not Path("my index").exists()
    follow(run, ended.err)
    assert Path("my index/catalog.sqlite").exists()
    assert not Path("index").exists()
    assert run(*command, *named).code == ExitCode.OK


def test_command_that_makes_it_names_the_corpus_that_is_known(here, run):
    Path("corpus").rename("-my notes")
    Path("notesearch.yaml").write_text("corpus: -my notes\n", encoding="utf-8")
    ended = run("query", "policy", "--index", "other")
    assert ended.err == (
        "notesearch: other holds no index; run: notesearch index './-my notes' --index other\n"
    )
    follow(run, ended.err)
    assert run("query", "policy", "--index", "other").code == ExitCode.OK


def test_default_index_is_made_by_the_first_query_and_by_nothing_else(here, run):
    shutil.rmtree("index")
    ended = run("status")
    assert (ended.code, ended.err) == (
        ExitCode.INDEX,
        "notesearch: index holds no index; run: notesearch index\n",
    )
    assert run("query", "policy").code == ExitCode.OK


# ------------------------------------------------------------ an index that is behind


@pytest.mark.parametrize("command", [["query", "reward model"], ["status"]], ids=" ".join)
def test_way_into_step_names_corpus_and_index(here, run, command):
    shutil.copytree("corpus", "other notes")
    assert run("index", "other notes", "--index", "ix").code == ExitCode.OK
    Path("other notes/new.md").write_text("# New\n\nA robot.\n", encoding="utf-8")
    ended = run(*command, "--index", "ix")
    said = ended.err if command[0] == "query" else ended.out
    assert f"run: notesearch index '{here}/other notes' --index ix\n" in said
    follow(run, said)
    assert run("query", "reward model", "--index", "ix").err == ""
    assert "in step" in run("status", "--index", "ix").out


# ------------------------------------------------------------ an index without its corpus


def spoil_ignore_file(text: bytes) -> None:
    Path("corpus/.notesearchignore").write_bytes(text)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda: shutil.rmtree("corpus"), "is not there"),
        (lambda: spoil_ignore_file(b"caf\xe9\n"), "cannot be read"),
        (lambda: Path("corpus/.notesearchignore").mkdir(), "cannot be read"),
    ],
    ids=["gone", "not UTF-8", "a folder"],
)
@pytest.mark.parametrize("options", [[], ["--json"], ["--batch", "-"]], ids=str)
def test_whole_index_answers_whatever_became_of_its_corpus(here, run, spoil, message, options):
    query = [] if "--batch" in options else ["reward model"]
    before = run("query", *query, *options, stdin="reward model\n").out
    spoil()
    ended = run("query", *query, *options, stdin="reward model\n")
    assert (ended.code, ended.out) == (ExitCode.OK, before)
    assert ended.err.count("\n") == 1
    assert message in ended.err
    assert ended.err.endswith("; answered from the index as it is\n")


def test_corpus_that_may_not_be_read_stops_no_answer(here, run, monkeypatch):
    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied", "corpus")

    monkeypatch.setattr(Index, "drift", refuse)  # root, who may run tests, may read everything
    ended = run("query", "reward model", "-k", "1", "--paths")
    assert (ended.code, ended.out) == (ExitCode.OK, "rl/ppo.md\n")
    assert ended.err == (
        f"corpus {here}/corpus cannot be read: Permission denied; "
        "answered from the index as it is\n"
    )


# ------------------------------------------------------------ an index that is being made


def test_query_beside_the_first_build_says_who_is_building(here, run):
    shutil.rmtree("index")
    Path("index").mkdir()
    holder = "process 77 since 2026-05-01T12:00:00+00:00\n"
    Path("index/lock.holder").write_text(holder, encoding="utf-8")
    with FileLock("index/lock"):
        ended = run("query", "reward model")
    assert (ended.code, ended.out) == (ExitCode.INDEX, "")
    assert "is being made by process 77 since 2026-05-01T12:00:00+00:00" in ended.err


@pytest.mark.parametrize(
    ("kept", "first", "message"),
    [
        (1234, True, "there is no index yet, and the vectors of 1,234 passages are kept"),
        (0, True, "there is no index yet, and nothing was embedded yet"),
        (1, False, "the index is whole, as it was before, and the vectors of 1 passage are kept "
                   "for the next update"),
        (0, False, "the index is whole, as it was before"),
    ],
)  # fmt: skip
def test_ctrl_c_in_an_update_says_what_is_kept_and_how_to_go_on(
    here, run, monkeypatch, kept, first, message
):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Index, "kept_passages", lambda _: kept, raising=False)
    if first:
        shutil.rmtree("index")
    for command in (["index"], ["index", "--rebuild"], ["query", "policy", "--update"]):
        with monkeypatch.context() as patch:
            patch.setattr(Index, "update", stop)
            ended = run(*command)
        assert (ended.code, ended.out) == (ExitCode.INTERRUPTED, "")
        rebuild = " --rebuild" if "--rebuild" in command else ""
        assert ended.err.splitlines()[-1] == (
            f"notesearch: interrupted; {message}; to go on, run: notesearch index{rebuild}"
        )


def test_ctrl_c_in_a_real_first_build_names_the_command_that_goes_on(here):
    shutil.rmtree("index")
    for number in range(600):
        (here / f"corpus/{number}.md").write_text(f"# Note {number}\n\nA robot {number}.\n")
    process = start("index", "--index", "my index", cwd=here, SLOW_MODEL="1")
    _wait_for(here / "my index/lock.holder", process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (ExitCode.INTERRUPTED, "")
    assert err.startswith("notesearch: interrupted; there is no index yet, and ")
    assert err.endswith("; to go on, run: notesearch index --index 'my index'\n")


def _wait_for(file: Path, process: subprocess.Popen[str]) -> None:
    while not file.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
