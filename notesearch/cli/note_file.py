"""Find the file of a note, and open it in the person's editor."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.cli.chosen_index import owner_of
from notesearch.editors import OBSIDIAN, arguments_at_line, note_address
from notesearch.errors import UsageError

if TYPE_CHECKING:
    from notesearch.cli.chosen_index import ChosenIndex
    from notesearch.index.snapshot import StoredNote
    from notesearch.library import Index


def find_file(note: StoredNote, index: Index, chosen: Sequence[ChosenIndex]) -> tuple[Path, str]:
    """Return the real file of a note, and the editor for it, of the settings of its index.

    UsageError where it is no note file inside the corpus.

    An index may come from anywhere and name any path, and a note may be a link: neither opens
    a file that is not a note.
    """
    from notesearch.corpus.walk import NOTE_SUFFIXES

    if note.kind.value == "added":
        raise UsageError(
            f"{note.note_id} is no file: a program added it; notesearch show, without --open, "
            "shows it"
        )
    of, index, path = owner_of(note.path, index, chosen)
    index.require_own_corpus()
    corpus = index.corpus
    try:
        root = corpus.resolve()
        file = (root / path).resolve(strict=True)
    except FileNotFoundError as error:
        raise UsageError(
            f"{corpus / path} is not there any more; run: {of.command(corpus)}"
        ) from error
    except (OSError, RuntimeError, ValueError) as error:  # a link to itself, a NUL in the path
        raise UsageError(f"{corpus / path} cannot be opened: {error}") from error
    if not file.is_relative_to(root):
        raise UsageError(f"{path} leads out of the corpus {root}; it is not opened")
    if not file.is_file() or file.suffix.lower() not in NOTE_SUFFIXES:
        raise UsageError(f"{file} is no note file; it is not opened")
    return file, of.settings.editor


def open_file(file: Path, line: int, section: str, editor: str) -> None:
    """Open a file and wait for the program to end; UsageError when that fails.

    `file` is absolute, so that its name is never read as an option.
    """
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    if editor == OBSIDIAN:
        _run([opener, note_address(editor, file, line, section)], opener)
        return
    if editor:
        _run(
            [editor, *arguments_at_line(editor, file, line)],
            f"{editor} (editor of the settings)",
            "editor",
        )
        return
    for variable in ("VISUAL", "EDITOR"):
        words = _words(variable)
        if words:
            _run([*words, *arguments_at_line(words[0], file, line)], f"{words[0]} (${variable})")
            return
    _run([opener, str(file)], opener)


def _words(variable: str) -> list[str]:
    import shlex

    try:
        return shlex.split(os.environ.get(variable, ""))
    except ValueError as error:
        raise UsageError(f"${variable} cannot be read: {error}; write it as for a shell") from error


def _run(command: Sequence[str], name: str, setting: str = "EDITOR") -> None:
    """Run a program to its end, with the terminal and Ctrl-C its own."""
    remedy = f"set {setting} to an editor that is there"
    program = shutil.which(command[0])
    if program is None:
        raise UsageError(f"{name} is not there; {remedy}")
    if not Path(program).is_absolute() and not os.path.dirname(command[0]):  # noqa: PTH120 - of ./vim
        # A PATH with an empty part looks there first: notes may come with programs.
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
