"""The picker in a real terminal: what is typed, what is shown, what is opened."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import struct
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from notesearch import Index
from notesearch.cli.output import ExitCode
from notesearch.cli.picker.screen import Picker
from tests.cli.conftest import ROOT
from tests.fakes import WordEmbedder

pty = pytest.importorskip("pty", reason="a system with pseudo-terminals")
_CODES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[=>]|\].*?\x07|\([B0])")
REDRAW = "\x0c"
DEADLINE_S = 60


class Terminal:
    """A command on a terminal of 60 columns and 15 rows."""

    def __init__(self, cwd: Path, *arguments: str, **environment: str) -> None:
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.environ.update(PYTHONPATH=str(ROOT), TERM="xterm-256color", **environment)
            os.execv(sys.executable, [sys.executable, "-m", "tests.word_model", *arguments])
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 15, 60, 0, 0))
        self.got = ""

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def read(self, seconds: float) -> str:
        """What comes until nothing has come for so long."""
        got = b""
        while select.select([self.terminal], [], [], seconds)[0]:
            with contextlib.suppress(OSError):  # Linux: the other side is closed
                if piece := os.read(self.terminal, 1 << 16):
                    got += piece
                    continue
            break
        self.got += got.decode(errors="replace")
        return _CODES.sub("", got.decode(errors="replace"))

    def shows(self, text: str) -> bool:
        """Whether the whole screen, drawn again and again, comes to show a text."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            self.type(REDRAW)
            if text in self.read(0.3):
                return True
        return False

    def end(self) -> int:
        """Read all that comes, and return the exit code."""
        self.read(DEADLINE_S)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(status)


@pytest.fixture
def editor(here: Path) -> Path:
    """An editor that writes down what it is called with."""
    editor = here / "bin/nvim"
    editor.parent.mkdir()
    editor.write_text(f'#!/bin/sh\necho "$@" >> {here}/opened\n', encoding="utf-8")
    editor.chmod(0o755)
    return editor


def test_question_is_answered_as_it_is_typed_and_its_note_opened_at_the_passage(here, editor):
    terminal = Terminal(here, EDITOR=str(editor))
    assert terminal.shows("Type a question: notes that answer it appear as you type.")
    terminal.type("reward model")
    assert terminal.shows("› Proximal Policy Optimization")
    assert terminal.shows("rl/ppo.md:7  2025-11-02")
    assert terminal.shows("▌ A policy takes small steps, and a reward model scores")
    terminal.type("\r")
    assert terminal.shows("› Proximal Policy Optimization")
    assert (here / "opened").read_text() == f"+7 {here}/corpus/rl/ppo.md\n"
    terminal.type("\x1b[B\r")  # the next hit
    assert terminal.shows("› Direct Preference Optimization")
    assert (here / "opened").read_text().splitlines()[1].endswith("/corpus/rl/dpo.md")
    terminal.type("\x1b")
    assert terminal.end() == ExitCode.OK
    assert "\x1b[?1049l" in terminal.got.rpartition("\x1b[?1049h")[2]  # the screen of before


def test_tag_that_is_chosen_becomes_a_filter_of_the_line(here):
    terminal = Terminal(here, "ask", "reward", "model")
    assert terminal.shows("› Proximal Policy Optimization")
    terminal.type("\t")
    assert terminal.shows("Enter take the tag")
    terminal.type("former")
    assert terminal.shows("› vision/transformers")
    terminal.type("\r")
    assert terminal.shows("Ask: reward model tag:vision/transformers")
    assert terminal.shows("› An Image is Worth 16x16 Words")
    terminal.type("\t")
    assert terminal.shows("Enter take the tag")
    terminal.type("\x1b")
    assert terminal.shows("Ask: reward model tag:vision/transformers")
    terminal.type("\x03")
    assert terminal.end() == ExitCode.OK


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("tag:dpos", "no note has the tag dpos; did you mean dpo (1 note)?"),
        ('policy "open', 'these quotes are not closed; add " where they end'),
        ("zebra", "nothing relevant found; the nearest there is:"),
        ("zebra tag:dpo after:2030", "nothing found"),
        ("x" * 1001, "the line has more than 1,000 characters; shorten it"),
    ],
)
def test_wrong_line_says_why_and_typing_goes_on(here, line, message):
    terminal = Terminal(here)
    terminal.type(line)
    assert terminal.shows(message)
    terminal.type("\x15reward model")  # Ctrl-U
    assert terminal.shows("› Proximal Policy Optimization")
    terminal.type("\x1b")
    assert terminal.end() == ExitCode.OK


def test_editor_that_is_not_there_is_said_on_the_screen(here):
    terminal = Terminal(here, "ask", "reward model", EDITOR="no-such-editor", VISUAL="")
    assert terminal.shows("› Proximal Policy Optimization")
    terminal.type("\r")
    assert terminal.shows("no-such-editor ($EDITOR) is not there; set EDITOR to an")
    terminal.type("\x1b")
    assert terminal.end() == ExitCode.OK


def test_index_that_is_behind_is_said_until_something_is_typed(here):
    (here / "corpus/new.md").write_text("# New\n\nA robot.\n", encoding="utf-8")
    terminal = Terminal(here)
    assert terminal.shows("the index is behind: 1 added; run: notesearch index")
    terminal.type("robot")
    assert terminal.shows("nothing relevant found; the nearest there is:")
    terminal.type("\x1b")
    assert terminal.end() == ExitCode.OK


def test_index_made_last_is_asked_from_any_folder_and_said_until_something_is_typed(here, run):
    assert run("index").code == ExitCode.OK
    (here / "corpus/new.md").write_text("# New\n\nA robot.\n", encoding="utf-8")
    (here / "elsewhere").mkdir()
    terminal = Terminal(here / "elsewhere", HOME=str(here))
    assert terminal.shows("using the index of ~/corpus, the last one that was made")
    assert terminal.shows("the index is behind: 1 added; run: notesearch index")
    terminal.type("reward model")
    assert terminal.shows("› Proximal Policy Optimization")
    terminal.type("\x1b")
    assert terminal.end() == ExitCode.OK
    assert "\x1b[?1049h" in terminal.got.partition("using the index")[0]  # nothing before it


def test_index_is_asked_by_its_name(here, run):
    (here / "work").mkdir()
    (here / "work/robot.md").write_text("# Robot\n\nA reward for a robot.\n", encoding="utf-8")
    assert run("index", "work", "--name", "work").code == ExitCode.OK
    terminal = Terminal(here, "ask", "reward", "-i", "work")
    assert terminal.shows("› Robot")
    assert terminal.shows("1 note")
    terminal.type("\x1b")
    assert terminal.end() == ExitCode.OK


def test_question_to_begin_with_may_leave_a_tag_out(here):
    terminal = Terminal(here, "ask", "-tag:dpo", "reward", "model")
    assert terminal.shows("Ask: -tag:dpo reward model")
    assert terminal.shows("› Proximal Policy Optimization")
    terminal.type("\x1b")
    assert terminal.end() == ExitCode.OK


def test_note_that_is_no_file_is_shown_and_not_opened(here, editor):
    with Index.open("index", WordEmbedder(name="notesearch-encoder")) as index:
        index.add("A robot holds a proof.", id="zotero:7", title="Robot hands")
    terminal = Terminal(here, "ask", "robot proof", EDITOR=str(editor))
    assert terminal.shows("› Robot hands")
    assert terminal.shows("▌ A robot holds a proof.")
    terminal.type("\r")
    assert terminal.shows("zotero:7 is no file: a program added it; notesearch")
    terminal.type("\x1b")
    assert terminal.end() == ExitCode.OK
    assert not (here / "opened").exists()


def test_without_an_index_notesearch_alone_shows_the_help(here):
    terminal = Terminal(here, NOTESEARCH_INDEX="nowhere")
    assert terminal.end() == ExitCode.USAGE
    assert "Usage: notesearch [OPTIONS] COMMAND" in terminal.got
    assert "\x1b[?1049h" not in terminal.got


def test_ask_needs_a_terminal(here, run):
    ended = run("ask", "policy")
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert ended.err == "notesearch: ask needs a terminal; elsewhere use: notesearch query\n"


def test_question_in_flight_never_blocks_typing(here, keys):
    asked: list[str] = []
    picker = Picker(open_hit=pytest.fail)

    class Waiting(Index):
        def search(self, text, *more, **options):
            asked.append(text)
            if len(asked) == 1:
                keys.send_text("eward")
                wait_until(lambda: picker._input.text == "reward")
            elif text == "reward":
                keys.send_text("\x1b")
            return super().search(text, *more, **options)

    keys.send_text("r")
    with Waiting.open("index", WordEmbedder(name="notesearch-encoder")) as index:
        picker.run(index, str)
    assert (asked[0], asked[-1]) == ("r", "reward")
    assert len(asked) <= 3  # what was typed between is not asked


def test_bug_in_an_answer_ends_the_picker_and_is_raised(here, keys):
    class Broken(Index):
        def search(self, text, *more, **options):
            raise ZeroDivisionError("a bug")

    keys.send_text("r")
    with (
        Broken.open("index", WordEmbedder(name="notesearch-encoder")) as index,
        pytest.raises(ZeroDivisionError, match="a bug"),
    ):
        Picker(open_hit=pytest.fail).run(index, str)


@pytest.fixture
def keys() -> Iterator:
    """Keys for a picker that runs in this process and draws nowhere."""
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        yield keys


def wait_until(is_so) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.001)
