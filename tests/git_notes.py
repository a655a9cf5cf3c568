"""A folder of notes in a git repository of its own, with commits on days that a test names."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

_PERSON = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "A"), ("EMAIL", "a@example.org"))
}


class GitNotes:
    """A repository whose folder `corpus` holds the notes."""

    def __init__(self, root: Path, corpus: str = "corpus") -> None:
        self.root = root
        self.corpus = root / corpus
        self.corpus.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, day: str = "2024-01-01T12:00:00+0000") -> str:
        """Run git as a person would, and return what it writes."""
        dates = {"GIT_AUTHOR_DATE": day, "GIT_COMMITTER_DATE": day}
        ended = subprocess.run(
            ["git", "-C", str(self.root), *arguments],
            env={**os.environ, **_PERSON, **dates, "GIT_CONFIG_NOSYSTEM": "1"},
            capture_output=True,
            check=True,
        )
        return os.fsdecode(ended.stdout).strip()

    def write(self, notes: Mapping[str, str | bytes | None]) -> None:
        """Write notes, and remove those that are None."""
        for path, text in notes.items():
            file = self.corpus / path
            if text is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def commit(self, notes: Mapping[str, str | bytes | None], day: str = "2024-01-01") -> str:
        """Write notes and commit all there is; return the commit's hash."""
        self.write(notes)
        self.git("add", "-A")
        when = day if "T" in day else f"{day}T12:00:00+0000"
        self.git("commit", "-q", "--allow-empty", "-m", f"of {day}", day=when)
        return self.git("rev-parse", "HEAD")
