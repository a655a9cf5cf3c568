"""Commands on a terminal: colour and a progress bar, and neither where they are not wanted."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from pathlib import Path

import pytest

from notesearch import cli
from notesearch.cli.output import ExitCode
from notesearch.library import Index
from tests.cli.conftest import ROOT

pty = pytest.importorskip("pty", reason="a system with pseudo-terminals")
TERMINAL = {"COLUMNS": "80", "TERM": "xterm-256color"}


def on_terminal(cwd: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run a command on a terminal of 80 columns; its exit code and what the terminal got."""
    terminal, of_command = pty.openpty()
    got = bytearray()

    def show() -> None:
        while piece := _read(terminal):
            got.extend(piece)

    shown = threading.Thread(target=show)
    shown.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        patch.delenv("NO_COLOR", raising=False)
        for name, value in {**TERMINAL, **environment}.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["notesearch", *arguments])
        for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
            stream = open(os.dup(of_command), mode, encoding="utf-8")  # noqa: PTH123, SIM115
            patch.setattr(sys, name, stream)
        os.close(of_command)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            stream.close()
    shown.join()
    os.close(terminal)
    return int(ended.value.code or 0), got.decode().replace("\r\n", "\n")


def apart_on_terminal(cwd: Path, *arguments: str) -> tuple[int, str]:
    """Do the same in a process of its own, which holds the terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.environ.pop("NO_COLOR", None)
        os.environ.update(TERMINAL, PYTHONPATH=str(ROOT))
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
    code, got = apart_on_terminal(here, "query", "reward model", "-k", "1")
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


def test_hits_of_several_indexes_are_linked_each_in_its_own_folder_and_editor(here, run):
    vault, work = here / "vault", here / "work"
    for folder, name in ((vault, "vault"), (work, "work")):
        folder.mkdir()
        text = f"# Robot\n\nA robot of the {name}.\n"
        (folder / "robot.md").write_text(text, encoding="utf-8")
        arguments = ("index", str(folder), "--name", name, "--index", f"deep/{name}")
        assert run(*arguments).code == ExitCode.OK
    (vault / ".obsidian").mkdir()
    arguments = ("query", "robot", "-i", "vault,work")
    _, got = on_terminal(here, *arguments, VTE_VERSION="7600", EDITOR="codium")
    for place, address in (
        ("vault:robot.md:1-3", f"obsidian://open?path={vault.resolve()}/robot.md"),
        ("work:robot.md:1-3", f"vscodium://file{work.resolve()}/robot.md:1"),
    ):
        assert f"\x1b]8;;{address}\x1b\\\x1b[35m{place}\x1b[0m\x1b]8;;\x1b\\" in got


def test_note_that_a_program_added_is_no_link(here):
    (here / "corpus/robots").write_text("no note", encoding="utf-8")
    with Index.open() as index:
        index.add("A robot and a reward.", id="robots")
    _, got = on_terminal(here, "query", "robot reward", VTE_VERSION="7600")
    assert "\n    \x1b[35mrobots:1\x1b[0m\n" in got
    assert f"\x1b]8;;file://{here.resolve()}/corpus/rl/ppo.md" in got


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
    code, got = apart_on_terminal(here, "index")
    assert code == ExitCode.OK
    assert "━" in got
    report, name = got.splitlines()[-2:]
    assert report.partition("files: ")[2].startswith("5 added; passages: 5 in 5")
    assert report.endswith(" s")
    assert name.startswith("this index is called corpus; ")


def test_update_with_nothing_to_do_draws_no_bar(here):
    _, got = on_terminal(here, "index")
    assert "━" not in got


def test_list_to_choose_from_fits_the_terminal_and_is_plain(here):
    title = "A Survey " + "of many words " * 6
    (here / "corpus/rl/survey.md").write_text(f"# {title}\n\nWords.\n", encoding="utf-8")
    on_terminal(here, "index")
    code, got = on_terminal(here, "show", "survey", "of", "mony", "words")
    assert code == ExitCode.USAGE
    assert got.splitlines()[:2] == [f" 1  {title[:73].rstrip()} …", "    rl/survey.md"]
    assert "[" not in got
