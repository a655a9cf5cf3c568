"""`notesearch init`: by options, by answers on a terminal, and with what is already there."""

from __future__ import annotations

import os
import select
import shlex
import sys
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode
from notesearch.settings_file import user_settings_file
from tests.cli.conftest import ROOT, Run
from tests.conftest import write_notes

QUESTION = ("query", "reward model", "--paths", "-k", "1")


def test_one_command_makes_settings_index_and_a_first_question(home, run: Run):
    ended = run("init", "../notes")
    assert ended.code == ExitCode.OK
    assert ended.err.splitlines()[:2] == [
        "~/notes is a folder of notes; 5 files to read",
        "wrote ~/.config/notesearch/config.yaml",
    ]
    assert ended.out.splitlines() == [
        'from any folder, ask: notesearch query "Direct Preference Optimization"',
        "after new notes, run: notesearch index",
    ]
    assert user_settings_file().read_text(encoding="utf-8").splitlines()[1:] == [
        f'corpus: "{home}/notes"',
        f'index: "{home}/.data/notesearch/indexes/notes"',
    ]
    question = shlex.split(ended.out.splitlines()[0].partition("ask: ")[2])
    assert run(*question[1:], "--paths", "-k", "1").out == "rl/dpo.md\n"
    (home / "notes/new.md").write_text("# New\n\nAn owl.\n", encoding="utf-8")
    assert "1 added" in run("index").err
    assert run("query", "owl", "--paths", "-k", "1").out == "new.md\n"
    assert not list(Path().iterdir())


def test_where_there_are_settings_they_stay_and_a_file_beside_the_notes_is_written(
    home, run, monkeypatch
):
    write_notes(home / "work")
    assert run("init", "../notes").code == ExitCode.OK
    before = user_settings_file().read_bytes()
    ended = run("init", "--corpus", "../work", "--index", "../work index")
    assert (ended.code, "wrote ~/work/notesearch.yaml" in ended.err) == (ExitCode.OK, True)
    assert user_settings_file().read_bytes() == before
    monkeypatch.chdir(home / "work/rl")
    (home / "work/new.md").write_text("# New\n\nAn owl.\n", encoding="utf-8")
    assert "1 added" in run("index").err  # its index lies outside, which is trusted
    assert run("query", "owl", "--paths", "-k", "1").out == "new.md\n"
    ended = run("init", str(home / "work"))
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert ended.err.splitlines()[-1] == (
        "notesearch: ~/.config/notesearch/config.yaml and ~/work/notesearch.yaml are there "
        "already; edit what is there, then run: notesearch index"
    )


def test_logseq_graph_is_recognised_and_its_older_versions_are_left_out(home, run):
    for path in ("logseq/config.edn", "logseq/bak/pages/old.md", "pages/robot.md"):
        (home / "graph" / path).parent.mkdir(parents=True, exist_ok=True)
        (home / "graph" / path).write_text("# Robot\n\nA robot.\n", encoding="utf-8")
    ended = run("init", "../graph", "--beside")
    assert ended.err.splitlines()[0] == "~/graph is a Logseq graph; 1 file to read"
    assert run("query", "robot", "--paths").out == "pages/robot.md\n"
    assert not user_settings_file().exists()


def test_settings_that_cannot_be_written_are_named(home, run):
    (home / ".config").write_text("", encoding="utf-8")
    ended = run("init", "../notes")
    assert ended.code == ExitCode.USAGE
    assert "config.yaml cannot be written: Not a directory; make its folder writable" in ended.err


# ------------------------------------------------------------ a person at a terminal


def answer(home: Path, *answers: str) -> tuple[int, str]:
    """Run `init` on a terminal and give an answer to each question, when it is asked."""
    pty = pytest.importorskip("pty", reason="a system with pseudo-terminals")
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(home / "elsewhere")
        os.environ.update(PYTHONPATH=str(ROOT), COLUMNS="80", TERM="dumb")
        os.execv(sys.executable, [sys.executable, "-m", "tests.word_model", "init"])
    got, waiting, key = b"", list(answers), ""
    while True:
        if not select.select([terminal], [], [], 5)[0]:
            # readline hears no signal between its prompt and its wait: one presses once more.
            os.write(terminal, key.encode())
            assert select.select([terminal], [], [], 120)[0], got
        try:
            piece = os.read(terminal, 1 << 16)
        except OSError:  # Linux: the other side is closed
            break
        got += piece
        if got.endswith(b"] ") and waiting:
            key = waiting.pop(0)
            os.write(terminal, key.encode())
        elif not piece:
            break
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), got.decode().replace("\r\n", "\n")


def test_three_questions_are_asked_and_a_wrong_answer_is_asked_again(home, run):
    code, got = answer(home, "~/nowhere\n", "\n", "~/my index\n", "\n")
    assert code == ExitCode.OK
    assert got.count("Where are your notes? [~/notes] ") == 2
    assert f"corpus {home}/nowhere does not exist; name a folder of notes\n" in got
    assert got.count("Where does the index go? [~/.data/notesearch/indexes/notes] ") == 1
    assert got.count("Which model? [") == 1
    assert (home / "my index/catalog.sqlite").is_file()
    assert run(*QUESTION).out == "rl/ppo.md\n"


@pytest.mark.parametrize(("key", "code"), [("\x03", 130), ("\x04", 2)], ids=["Ctrl-C", "Ctrl-D"])
def test_person_who_leaves_leaves_nothing_behind(home, key, code):
    ended, got = answer(home, "\n", key)
    assert ended == code
    assert got.splitlines()[-1].startswith("notesearch: ")
    assert not (home / ".config").exists()
