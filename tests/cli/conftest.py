"""Commands as a person runs them: through `main`, with what they write and end with."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from notesearch import cli
from notesearch.cli.output import ExitCode
from tests.conftest import write_notes

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process."""

    def run_main(*arguments: str, stdin: str = "") -> Ended:
        monkeypatch.setattr(sys, "argv", ["notesearch", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return Ended(int(ended.value.code or 0), said.out, said.err)

    return run_main


def start(
    *arguments: str, cwd: Path, module: str = "tests.word_model", **more: str
) -> subprocess.Popen[str]:
    """Start a command in a process of its own; `more` goes into its environment."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        # What starts the tests may have SIGINT ignored, and a child inherits that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


def run_apart(arguments: Sequence[str], cwd: Path, **more: str) -> Ended:
    """Run a command in a process of its own, to its end."""
    process = start(*arguments, cwd=cwd, **more)
    out, err = process.communicate(timeout=300)
    return Ended(process.returncode, out, err)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word_model: None) -> Path:
    """A home folder with two folders of notes and no settings, and another working folder."""
    home = tmp_path / "home"
    write_notes(home / "notes")
    (home / "work").mkdir()
    (home / "work/robot.md").write_text("# Robot\n\nA reward for a robot.\n", encoding="utf-8")
    (home / "elsewhere").mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / ".data"))
    for name in ("CORPUS", "INDEX", "MODEL", "PRECISION"):
        monkeypatch.delenv(f"NOTESEARCH_{name}", raising=False)
    monkeypatch.chdir(home / "elsewhere")
    return home


@pytest.fixture
def made(home: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An index of the notes, made in the home folder."""
    monkeypatch.chdir(home)
    ended = run("index", "notes")
    assert ended.code == ExitCode.OK
    assert ended.err.splitlines()[1:] == [
        'this index is called notes; from any folder, ask it with: notesearch query "…"'
    ]
    monkeypatch.chdir(home / "elsewhere")
    return home


@pytest.fixture
def named(made: Path, run: Run) -> Path:
    """The index `notes`, and one more that is called `work`."""
    assert run("index", str(made / "work"), "--name", "work").code == ExitCode.OK
    return made
