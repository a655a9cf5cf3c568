"""Open a note's file: in the person's editor at the line, else with the system's opener."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from notesearch.corpus.walk import NOTE_SUFFIXES
from notesearch.errors import UsageError

# How editors take a line; one that is not named here is given the file alone.
_PLUS_LINE = ("vi", "vim", "nvim", "nano", "emacs", "emacsclient", "micro", "kak", "hx")
_GOTO = ("code", "codium", "cursor")
_COLON_LINE = ("subl", "zed")


def find_file(corpus: Path, path: str, update_command: str) -> Path:
    """Return the real file of a note; UsageError where it is no note file inside the corpus.

    An index may come from anywhere and name any path, and a note may be a link: neither opens
    a file that is not a note.
    """
    try:
        root = corpus.resolve()
        file = (root / path).resolve(strict=True)
    except FileNotFoundError as error:
        raise UsageError(f"{corpus / path} is not there any more; run: {update_command}") from error
    except (OSError, RuntimeError, ValueError) as error:  # a link to itself, a NUL in the path
        raise UsageError(f"{corpus / path} cannot be opened: {error}") from error
    if not file.is_relative_to(root):
        raise UsageError(f"{path} leads out of the corpus {root}; it is not opened")
    if not file.is_file() or file.suffix.lower() not in NOTE_SUFFIXES:
        raise UsageError(f"{file} is no note file; it is not opened")
    return file


def open_file(file: Path, line: int) -> None:
    """Open a file and wait for the program to end; UsageError when that fails.

    `file` is absolute, so that its name is never read as an option.
    """
    for variable in ("VISUAL", "EDITOR"):
        words = _words(variable)
        if words:
            _run([*words, *_at_line(words[0], file, line)], f"{words[0]} (${variable})")
            return
    if os.name == "nt":
        os.startfile(file)  # type: ignore[attr-defined,unused-ignore]
        return
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    _run([opener, str(file)], opener)


def _words(variable: str) -> list[str]:
    try:
        return shlex.split(os.environ.get(variable, ""))
    except ValueError as error:
        raise UsageError(f"${variable} cannot be read: {error}; write it as for a shell") from error


def _at_line(editor: str, file: Path, line: int) -> list[str]:
    name = Path(editor).name.lower().removesuffix(".exe").removesuffix(".cmd")
    if name in _PLUS_LINE:
        return [f"+{line}", str(file)]
    if name in _GOTO:
        return ["--goto", f"{file}:{line}"]
    return [f"{file}:{line}"] if name in _COLON_LINE else [str(file)]


def _run(command: Sequence[str], name: str) -> None:
    """Run a program to its end, with the terminal and Ctrl-C its own."""
    remedy = "set EDITOR to an editor that is there"
    program = shutil.which(command[0])
    if program is None:
        raise UsageError(f"{name} is not there; {remedy}")
    if not Path(program).is_absolute() and not os.path.dirname(command[0]):  # noqa: PTH120 - of ./vim
        # Windows, and a PATH with an empty part, look there first: notes may come with programs.
        raise UsageError(f"{name} is in the working folder alone; {remedy}")
    # A handler, and not SIG_IGN: the editor would inherit that.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        code = subprocess.run([program, *command[1:]], check=False).returncode
    except OSError as error:
        raise UsageError(f"{name} cannot be started: {error.strerror}; {remedy}") from error
    finally:
        signal.signal(signal.SIGINT, before)
    if code != 0:
        raise UsageError(f"{name} ended with exit code {code}; the file is {command[-1]}")
