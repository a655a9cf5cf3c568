"""Commands on a terminal: colour and a progress bar, and neither where they are not wanted."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from notesearch.cli.output import ExitCode
from tests.cli.conftest import ROOT

pty = pytest.importorskip("pty", reason="a system with pseudo-terminals")


def on_terminal(cwd: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run a command on a terminal of 80 columns; its exit code and what the terminal got."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.environ.pop("NO_COLOR", None)
        os.environ.update(PYTHONPATH=str(ROOT), COLUMNS="80", TERM="xterm-256color")
        os.environ.update(environment)
        os.execv(sys.executable, [sys.executable, "-m", "tests.word_model", *arguments])
    got = b""
    while piece := _read(terminal):
        got += piece
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), got.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux: the other side is closed
        return b""


def test_hit_is_coloured_and_fits_the_terminal(here):
    code, got = on_terminal(here, "query", "reward model", "-k", "1")
    assert code == ExitCode.OK
    assert got.replace("\x1b[", "<") == (
        f" 1  <1mProximal Policy Optimization<0m{' ' * 44}<2m1.00<0m\n"
        "    <35mrl/ppo.md:7<0m\n"
        "    <2m2025-11-02 · #ppo #alignment<0m\n"
        "    A policy takes small steps, and a <1;31mreward<0m <1;31mmodel<0m scores them.\n"
    )


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_that_is_not_wanted_is_left_out(here, environment):
    _, got = on_terminal(here, "query", "reward model", **environment)
    assert got.startswith(" 1  Proximal Policy Optimization")
    assert "\x1b" not in got


def test_place_of_a_hit_opens_the_note_in_the_vault(here):
    (here / "corpus/.obsidian").mkdir()
    _, got = on_terminal(here, "query", "tag:dpo", VTE_VERSION="7600", NO_COLOR="")
    address = f"obsidian://open?path={here.resolve() / 'corpus/rl/dpo.md'}%23Limitations"
    assert f"\x1b]8;;{address}\x1b\\" in got


def test_index_that_may_name_any_folder_has_no_links(here, run, tmp_path):
    shutil.move(here / "corpus", tmp_path / "far" / "corpus")
    run("index", str(tmp_path / "far/corpus"), "--index", "deep/other")
    arguments = ("query", "tag:dpo", "--index", "deep/other")
    _, got = on_terminal(here, *arguments, VTE_VERSION="7600")
    assert f"\x1b]8;;file://{tmp_path.resolve()}/far/corpus/rl/dpo.md\x1b" in got
    unknown = str(tmp_path / "state of somebody else")
    _, got = on_terminal(here, *arguments, VTE_VERSION="7600", XDG_STATE_HOME=unknown)
    assert "rl/dpo.md" in got
    assert "\x1b]8" not in got


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(
    "arguments", [("notes",), ("tags",), ("show", "rl/dpo.md"), ("parse", "corpus"), ("query", "a")]
)
def test_listings_fit_the_terminal(here, arguments, width):
    long = "A title that says in very many words what nobody has asked it to say to anybody at all"
    (here / "corpus/rl/dpo.md").write_text(f"# {long}\n\n{long}. " * 3, encoding="utf-8")
    code, got = on_terminal(here, *arguments, COLUMNS=str(width), NO_COLOR="1")
    assert code == ExitCode.OK
    assert max(map(len, got.splitlines())) <= width


def test_making_an_index_draws_a_bar_and_wipes_it(here):
    shutil.rmtree("index")
    code, got = on_terminal(here, "index")
    assert code == ExitCode.OK
    assert "reading" in got
    assert "━" in got
    assert got.splitlines()[-1].partition("files: ")[2].startswith("5 added; passages: 5 in 5")
    assert got.endswith(" s\n")


def test_update_with_nothing_to_do_draws_no_bar(here):
    _, got = on_terminal(here, "index")
    assert "━" not in got
