"""Record the first hour with notesearch: a person with a folder of notes, at a terminal.

python docs/first_hour.py > docs/first-hour.md

Every command runs in an empty home folder, on a terminal of 80 columns, and what the terminal shows
is written down. The notes are a part of `corpus/`.
"""

from __future__ import annotations

import os
import pty
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_FOLDERS = ("alignment", "evaluation", "mechanisms", "reasoning", "tools", "uncertainty", "vault")
_COLUMNS = 80
_SECONDS = re.compile(r"\d+\.\d s$", re.MULTILINE)
# How far an update is, which only a slow machine gets to show.
_PROGRESS = re.compile(r"^(?:reading|embedding): .*\n", re.MULTILINE)
_NEW_NOTE = """cat > ~/notes/reasoning/budget-forcing.md << END
---
title: "s1: Simple test-time scaling"
tags: [test-time, reasoning]
arxiv: 2501.19393
---

Budget forcing appends the word Wait when the model wants to stop thinking, so that it goes on
and often finds its own mistake.
END"""


@dataclass(frozen=True, slots=True)
class Step:
    """A line that a person types into a shell, and what they answer to its questions."""

    line: str
    answers: Sequence[str] = ()


_HEAD = """# The first hour

What a terminal shows to somebody who has just installed notesearch and has notes on papers in
`~/notes`. A program writes this page by running all of it (`docs/first_hour.py`), in an empty home
folder and with a part of the notes in `corpus/`. Seconds are left out, as they differ.
"""
_CHAPTERS: Sequence[tuple[str, Sequence[Step]]] = (
    ("The command alone says what there is.", [Step("notesearch")]),
    (
        "`init` is for the beginning. Enter takes what stands in brackets.",
        [Step("notesearch init", ["\n", "\n", "\n"])],
    ),
    (
        "The question that it ends with, from another folder, then questions of one's own.",
        [
            Step("mkdir ~/draft && cd ~/draft"),
            Step("{suggested} -k 2"),
            Step('notesearch query "when may I trust what a model says about its confidence" -k 2'),
            Step('notesearch query "reward models tag:rlhf after:2025 -tag:dpo" -k 2'),
            Step('notesearch query "section:limitations self-consistency" -k 1'),
            Step('notesearch query "sourdough bread" -k 1'),
        ],
    ),
    (
        "A hit is opened by its number, here with `head -n 12` for an editor.",
        [
            Step('notesearch query "chain of thougth prompting" -k 2'),
            Step("EDITOR='head -n 12' notesearch show 1 --open"),
        ],
    ),
    (
        "A new note, which the next question misses and says so.",
        [
            Step(_NEW_NOTE),
            Step('notesearch query "force a model to think on" -k 1'),
            Step("notesearch index"),
            Step('notesearch query "force a model to think on" -k 1'),
            Step("notesearch similar budget-forcing -k 2"),
        ],
    ),
    (
        "Slips are answered with what to do.",
        [
            Step("notesearch querry x"),
            Step("notesearch query tag:calibraton"),
            Step("notesearch show chain of thougths"),
            Step("notesearch show 7"),
        ],
    ),
)


def record() -> str:
    """Return the page."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        for name in _FOLDERS:
            shutil.copytree(_ROOT / "corpus" / name, home / "notes" / name)
        return _HEAD + "".join(_record_chapters(Terminal(home)))


def _record_chapters(terminal: Terminal) -> list[str]:
    suggested, chapters = "", []
    for about, steps in _CHAPTERS:
        shown = []
        for step in steps:
            line = step.line.replace("{suggested}", suggested)
            got = terminal.run(line, step.answers)
            found = re.search(r"ask: (notesearch query .+)", got)
            suggested = found[1] if found else suggested
            shown.append(f"$ {line}\n{got}".rstrip("\n"))
        blocks = "\n\n".join(shown)
        chapters.append(f"\n{about}\n\n```\n{blocks}\n```\n")
    return chapters


class Terminal:
    """A shell in a home folder of its own, on a terminal that draws nothing but lines."""

    def __init__(self, home: Path) -> None:
        self._home = self._folder = home

    def run(self, line: str, answers: Sequence[str] = ()) -> str:
        """Return what the terminal shows of a line, with answers typed behind each `] `."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self._folder)
            os.execve("/bin/sh", ["sh", "-c", line], self._environment())
        got, waiting = b"", list(answers)
        while True:
            try:
                piece = os.read(terminal, 1 << 16)
            except OSError:  # Linux: the other side is closed
                break
            if not piece:
                break
            got += piece
            if got.endswith(b"] ") and waiting:
                os.write(terminal, waiting.pop(0).encode())
        os.close(terminal)
        os.waitpid(pid, 0)
        if " && cd ~/" in line:
            self._folder = self._home / line.rpartition("~/")[2]
        text = got.decode().replace("\r\n", "\n").replace(str(self._home), "~")
        return _SECONDS.sub("… s", _PROGRESS.sub("", text))

    def _environment(self) -> dict[str, str]:
        return {
            "HOME": str(self._home),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(_ROOT),
            "TERM": "dumb",
            "COLUMNS": str(_COLUMNS),
            "LC_ALL": "C.UTF-8",
        }


if __name__ == "__main__":
    sys.stdout.write(record())
