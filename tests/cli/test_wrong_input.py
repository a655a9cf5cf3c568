"""What a shell may hand over by mistake: each is one line on stderr and a known exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from notesearch import cli
from notesearch.cli.output import ExitCode
from notesearch.library import Index
from tests.cli.conftest import ROOT, Ended, run_apart

pytestmark = pytest.mark.skipif(os.name == "nt", reason="files and shells of POSIX systems")


def program(command: str) -> str:
    """A shell's words for a command, with the words of a text for a model."""
    return f'"{sys.executable}" -m tests.word_model {command}'


def run_in_shell(line: str, cwd: Path, **more: str) -> Ended:
    ended = subprocess.run(
        ["bash", "-c", line],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def is_one_line(ended: Ended) -> bool:
    return ended.err.startswith("notesearch: ") and ended.err.count("\n") == 1


# ------------------------------------------------------------ what is no text

NOT_UTF_8 = os.fsdecode(b"x\xff")  # as Python has it in sys.argv


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", NOT_UTF_8],
        ["query", NOT_UTF_8],
        ["query", "policy", "--tag", NOT_UTF_8],
        ["query", "policy", "--path", NOT_UTF_8],
        ["query", "--batch", NOT_UTF_8],
        ["similar", NOT_UTF_8],
        ["notes", f"tag:{NOT_UTF_8}"],
        ["tags", "--with", f"tag:{NOT_UTF_8}"],
        ["index", NOT_UTF_8],
        ["status", "--index", NOT_UTF_8],
        ["status", "--config", NOT_UTF_8],
        ["parse", f"{NOT_UTF_8}.md"],
        ["eval", f"{NOT_UTF_8}.yaml"],
        [NOT_UTF_8],
    ],
    ids=lambda arguments: ascii(" ".join(arguments)),
)
def test_argument_that_is_not_utf_8_ends_with_2(here, run, arguments):
    ended = run(*arguments)
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert is_one_line(ended)
    assert r"x\xff" in ended.err
    assert "is not UTF-8" in ended.err


def test_argument_that_a_shell_passes_on_may_not_be_utf_8(here):
    ended = run_in_shell(program(r"show $'x\xff'"), here)
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert is_one_line(ended)
    assert r"x\xff" in ended.err


def test_variable_that_is_not_utf_8_ends_with_2(here):
    ended = run_in_shell(rf"NOTESEARCH_INDEX=$'x\xff' {program('status')}", here)
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert ended.err.startswith(r"notesearch: NOTESEARCH_INDEX, x\xff, is not UTF-8; ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["index", "a\0b"],
        ["parse", "corpus", "a\0b"],
        ["query", "policy", "--index", "a\0b"],
        ["query", "\x00\x1b\x7f"],
        ["", "policy"],
        ["show", "x" * 100_000],
        ["index", "x" * 100_000],
        ["notes", "-n", "1" + 20 * "0"],
        ["query", "policy", "-k", "9" * 5_000],
        ["query", "policy tag:" + "x" * 100_000],
    ],
    ids=lambda arguments: " ".join(arguments)[:40].replace("\0", "NUL"),
)
def test_argument_of_any_length_or_sign_ends_with_2(here, run, arguments):
    ended = run(*arguments)
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert ended.err.startswith("notesearch: ")
    assert len(ended.err.splitlines()) == (3 if ended.err.endswith("^\n") else 1)
    assert len(ended.err) < 1_000


@pytest.mark.parametrize("command", [["status"], ["query", "policy"], ["index"]])
def test_index_folder_that_cannot_be_ends_with_3(here, run, command):
    for name in ("x" * 100_000, "corpus/rl/dpo.md", "/dev/null"):
        ended = run(*command, "--index", name)
        assert (ended.code, ended.out) == (ExitCode.INDEX, "")
        assert is_one_line(ended)


@pytest.mark.parametrize(
    "command",
    ["parse queue.md", "query --batch queue.md", "eval queue.md", "status --config queue.md"],
)
def test_pipe_with_a_name_is_not_waited_for(here, command):
    os.mkfifo(here / "queue.md")
    ended = run_in_shell(f"timeout 60 {program(command)}", here)
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert is_one_line(ended)


def test_batch_takes_what_a_shell_pipes_into_it(here):
    for line in (
        f"{program('query --batch <(echo policy)')}",
        f"echo policy | {program('query --batch -')}",
        f"echo policy | {program('query --batch /dev/stdin')}",
    ):
        ended = run_in_shell(line, here)
        assert (ended.code, ended.err) == (ExitCode.OK, "")
        assert ended.out.startswith('{"query": "policy", "error": null, ')


def test_batch_with_a_line_that_is_not_utf_8_answers_the_others_and_ends_with_2(here):
    line = rf"printf 'policy\nx\xff\nreward' | {program('query --batch -')}"
    for more in ({}, {"PYTHONUTF8": "0", "LC_ALL": "C"}):
        ended = run_in_shell(line, here, **more)
        assert ended.code == ExitCode.USAGE
        assert ended.err == "1 of 3 lines not answered; see the error of each\n"
        errors = [json.loads(line)["error"] for line in ended.out.splitlines()]
        assert errors == [None, "the line is not UTF-8; save the file as UTF-8", None]


def test_batch_with_a_line_without_end_ends_with_2(here):
    ended = run_in_shell(f"timeout 60 {program('query --batch -')} < /dev/zero", here)
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert "- has a line of 1,000,000 characters or more; write a query a line" in ended.err


def test_working_folder_that_is_gone_ends_with_2(here):
    ended = run_in_shell(f"mkdir gone; cd gone; rmdir ../gone; {program('query policy')}", here)
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert ended.err.splitlines()[-1].startswith("notesearch: the working folder is gone")


# ------------------------------------------------------------ nowhere to write


FULL = (
    "notesearch: stdout cannot be written: No space left on device; "
    "free some space, or send it elsewhere"
)


@pytest.mark.parametrize(
    "command",
    ["query policy", "query policy --json", "query --batch queries", "notes", "tags",
     "show rl/dpo.md", "status", "check", "parse corpus", "index --json", "--help", "query --help",
     "similar rl/dpo.md --csv"],
)  # fmt: skip
def test_full_disk_behind_stdout_ends_with_74(here, monkeypatch, capsys, command):
    (here / "queries").write_text("policy\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["notesearch", *command.split()])
    with suppress(OSError), Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as ended:
            cli.main()
    assert ended.value.code == ExitCode.OUTPUT
    assert capsys.readouterr().err.splitlines()[-1] == FULL


@pytest.mark.parametrize("command", ["query policy", "--help"])
def test_full_disk_behind_stdout_of_a_process_ends_with_74(here, command):
    ended = run_in_shell(f"{program(command)} > /dev/full", here)
    assert ended.code == ExitCode.OUTPUT
    assert ended.err.splitlines()[-1] == FULL
    assert "Traceback" not in ended.err


def test_closed_stdout_ends_with_74_where_there_are_results(here):
    ended = run_in_shell(f"{program('query policy')} >&-", here)
    assert ended.code == ExitCode.OUTPUT
    assert ended.err.splitlines()[-1].startswith("notesearch: stdout is closed; ")
    assert run_in_shell(f"{program('index')} >&-", here).code == ExitCode.OK


@pytest.mark.parametrize(
    ("command", "code", "out"),
    [
        ("query policy --paths -k 1", ExitCode.OK, "rl/ppo.md\n"),
        ("show nonesuch", ExitCode.USAGE, ""),
        ("index", ExitCode.OK, ""),
        ("--nonesuch", ExitCode.USAGE, ""),
        ("", ExitCode.USAGE, ""),
    ],
)
def test_stderr_that_takes_nothing_changes_no_answer(here, command, code, out):
    (here / "corpus/new.md").write_text("# Robot\n\nA robot.\n", encoding="utf-8")  # to be told
    for where in ("2>&-", "2>/dev/full"):
        ended = run_in_shell(f"{program(command)} {where}", here)
        assert (ended.code, ended.out) == (code, out)


def test_closed_streams_leave_the_index_whole(here):
    """The index's own files must not take the numbers that C libraries write messages to."""
    (here / "corpus/new.md").write_text("# Robot\n\nA robot.\n", encoding="utf-8")
    script = (
        "import os, sys; from tests import word_model\n"
        "from notesearch import cli, chosen_models as model\n"
        "for name, stand_in in word_model.STAND_INS.items(): setattr(model, name, stand_in)\n"
        "real = model.load_embedder\n"
        "def noisy(*args, **more):\n"
        "    os.write(1, b'noise of a library'); os.write(2, b'noise of a library')\n"
        "    return real(*args, **more)\n"
        "model.load_embedder = noisy\n"
        "cli.run()\n"
    )
    command = [sys.executable, "-c", script, "index", "--rebuild"]
    line = " ".join(f"'{word}'" for word in command) + " <&- >&- 2>&-"
    assert (
        run_in_shell(line.replace("b'noise of a library'", 'b"noise of a library"'), here).code == 0
    )
    assert run_apart(["check"], here).out == "no damage found\n"


def test_closed_stdin_is_named(here):
    ended = run_in_shell(f"{program('query --batch -')} <&-", here)
    assert (ended.code, ended.out) == (ExitCode.USAGE, "")
    assert ended.err == "notesearch: stdin is closed; give --batch a file, or a pipe\n"


def test_help_into_a_closed_pipe_is_no_error(here):
    line = f"{program('--help')} | true; exit ${{PIPESTATUS[0]}}"
    ended = run_in_shell(line, here)
    assert (ended.code, ended.err) == (ExitCode.OK, "")


# ------------------------------------------------------------ bugs, and what stops a command


@pytest.fixture
def broken(here, monkeypatch):
    """Break the listing of tags as a bug would."""

    def break_down(*_: object) -> None:
        raise ZeroDivisionError("first\x1b line\nand second")

    monkeypatch.setattr(Index, "tags", break_down)


def test_bug_is_one_line_and_has_an_exit_code_of_its_own(broken, run):
    ended = run("tags")
    assert (ended.code, ended.out) == (ExitCode.BUG, "")
    assert ended.err == (
        r"notesearch: this is a bug: ZeroDivisionError: first\x1b line; "
        "run again with --debug for the traceback\n"
    )


def test_debug_shows_the_traceback_before_that_line(broken, run, monkeypatch):
    for arguments in (["--debug", "tags"], ["tags", "--debug"]):
        monkeypatch.setenv("NOTESEARCH_DEBUG", "")
        ended = run(*arguments)
        assert ended.code == ExitCode.BUG
        assert ended.err.startswith("Traceback (most recent call last):\n")
        assert "in break_down" in ended.err
        assert "\x1b" not in ended.err
    monkeypatch.setenv("NOTESEARCH_DEBUG", "1")
    ended = run("show", "nonesuch")
    assert ended.code == ExitCode.USAGE
    assert "in find_note" in ended.err
    assert ended.err.splitlines()[-1].startswith("notesearch: no note is called nonesuch")


def start_batch(cwd: Path) -> subprocess.Popen[str]:
    """Start a command that waits for its next query, having answered the first."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.word_model", "query", "--batch", "-"],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("policy\n")
    process.stdin.flush()
    assert process.stdout.readline().startswith('{"query": "policy"')
    return process


def test_interrupted_query_ends_with_130_and_one_line(here):
    process = start_batch(here)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (ExitCode.INTERRUPTED, "notesearch: interrupted\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_a_command_as_they_end_any(here, number):
    process = start_batch(here)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (-number, "", "")
