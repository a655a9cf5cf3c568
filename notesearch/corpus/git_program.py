"""Ask the git program about a repository, so that nothing which came with the repository runs.

The program and no library: who keeps notes in git has it, it reads every form of repository that it
writes, and it is where flaws in that reading are mended first. What it is asked reads objects and
names alone: nothing is checked out, no hook, filter, pager or alias is called, and nothing fetched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from notesearch.errors import CorpusError, UsageError

_LONGEST_S = 300.0  # that git may think about one question
# Whatever the repository sets, these hold. Of the commands that are asked here none would call
# what is switched off; a later git may have one that does.
_SAFELY = (
    *("--no-pager", "--no-replace-objects", "--no-optional-locks"),
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "protocol.allow=never"),
    # A folder among the notes that looks like a repository is none.
    *("-c", "safe.bareRepository=explicit"),
)


class GitError(Exception):
    """Git answered with an error; the text is what it wrote."""


class GitFolder:
    """A folder in the working tree of a git repository."""

    def __init__(self, folder: Path) -> None:
        """Take a folder; UsageError where there is no git program."""
        self.folder = folder
        self._command = [_find_program(), "-C", str(folder), *_SAFELY]

    def ask(self, *arguments: str) -> bytes:
        """Return what git writes; GitError where it ends with an error."""
        try:
            ended = subprocess.run(
                [*self._command, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                env=_environment(),
                timeout=_LONGEST_S,
            )
        except OSError as error:
            raise UsageError(f"git cannot be run: {error.strerror}; install git") from error
        except subprocess.TimeoutExpired as error:
            raise GitError(f"no answer in {_LONGEST_S:.0f} s") from error
        if ended.returncode:
            raise GitError(_first_line(ended.stderr))
        return ended.stdout

    def ask_line(self, *arguments: str) -> str:
        """Return the one line that git writes, whatever bytes it is of."""
        return os.fsdecode(self.ask(*arguments).removesuffix(b"\n"))

    def place_in_repository(self) -> str:
        """Return the folder's path inside the repository, "" for the whole of it.

        CorpusError where it is in none, or in one that git does not trust.
        """
        try:
            return self.ask_line("rev-parse", "--show-prefix").rstrip("/")
        except GitError as error:
            place = f"corpus {self.folder}"
            if "dubious ownership" in str(error):
                raise CorpusError(
                    f"{place} is in a git repository of another user, which git leaves alone; "
                    "if you trust it, add it to the setting safe.directory of git"
                ) from error
            if "not a git repository" in str(error) or "work tree" in str(error):
                raise CorpusError(
                    f"{place} is in no git repository, so that nothing is known of earlier "
                    "notes; to begin one there, run: git init"
                ) from error
            raise CorpusError(f"{place}: git cannot read its repository: {error}") from error

    def open_blobs(self) -> GitBlobs:
        """Return what reads the contents of files; close it."""
        return GitBlobs(self._command, self.folder)


class GitBlobs:
    """Reads the contents of files by their object names, all in one process."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        """Start git, to wait for names."""
        self._folder = folder
        self._process = subprocess.Popen(
            [*command, "cat-file", "--batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )

    def read(self, name: str) -> bytes:
        """Return the bytes of a file as they were committed; OSError where they are not there.

        CorpusError where git has ended: no file is to blame.
        """
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answers is not None
        try:
            asked.write(f"{name}\n".encode("ascii"))
            asked.flush()
        except OSError as error:
            raise self._has_ended() from error
        header = answers.readline()
        words = header.split()
        if words[1:] == [b"missing"]:
            raise FileNotFoundError(2, "its text is not in this copy of the repository", name)
        if len(words) != 3 or not words[2].isdigit():
            raise self._has_ended()
        content = answers.read(int(words[2]) + 1)
        if len(content) != int(words[2]) + 1:
            raise self._has_ended()
        return content[:-1]

    def _has_ended(self) -> CorpusError:
        return CorpusError(
            f"git ended while it read the notes of {self._folder}; run git fsck there, then try "
            "again"
        )

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was written last has nobody to read it
                    stream.close()
        self._process.wait()

    def __enter__(self) -> GitBlobs:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _find_program() -> str:
    found = shutil.which("git")
    # One that PATH finds beside the working folder may have come with the notes.
    if found is None or not Path(found).is_absolute():
        raise UsageError(
            "earlier notes are read by the program git, which is not installed; install git"
        )
    return found


def _environment() -> dict[str, str]:
    """Return the environment without what leads git to another repository, or to run something."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",  # what the line above says, to a git before 2.45
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",  # its errors are compared
    }


def _first_line(written: bytes) -> str:
    lines = written.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
    return lines[0].removeprefix("fatal: ").removeprefix("error: ")[:300]
