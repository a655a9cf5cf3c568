"""List and read the notes of a commit as if they lay in a folder: the same reading, other bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from notesearch.corpus.decode import TOO_LARGE
from notesearch.corpus.folder import (
    PassageCounter,
    name_reading,
    read_and_cut,
    shows_inline_tags,
)
from notesearch.corpus.git_program import GitBlobs, GitError, GitFolder
from notesearch.corpus.named_commit import Commit
from notesearch.corpus.reading_rules import ReadingOptions
from notesearch.corpus.walk import (
    IGNORE_FILE,
    MOST_IGNORE_BYTES,
    NOT_UTF8,
    ignores_of,
    is_index,
    is_note,
    is_utf8,
)
from notesearch.errors import CorpusError
from notesearch.records import FileReading, Finding, ListedFile, Listing, ReadFile
from notesearch.regular_files import MAX_FILE_BYTES

_FILES = ("100644", "100755", "100664")  # the last is of the first years of git
_LINK = "120000"
_OTHER_REPOSITORY = "160000"
_IS_LINK = "a link; those of a commit are not followed"
_IS_OTHER = "another repository (a submodule); its notes are not in this one"
_IN_LFS = "kept by Git LFS, so that its text is not in the repository"
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


class _Entry(NamedTuple):
    """A file, link or submodule of a commit."""

    mode: str
    name: str  # git's, of its content
    size: int

    @property
    def mark(self) -> int:
        """A number that other content has not, where a file has its time: 60 bits of the name."""
        return int(self.name[:15], 16)


class CommittedFolder:
    """The note files of a corpus as they were in a commit; close it."""

    def __init__(
        self,
        corpus: Path,
        commit: Commit,
        options: ReadingOptions,
        counter: Callable[[], PassageCounter],
        *,
        debug: bool = False,
    ) -> None:
        """Take a corpus and its commit; git is asked when the files are listed, no sooner."""
        self._corpus = corpus
        self._commit = commit
        self._options = options
        self._counter = counter
        self._debug = debug
        self._git = GitFolder(corpus)
        self._opened: GitBlobs | None = None

    @property
    def fingerprint(self) -> str:
        """What decides, beside the files and the model, which passages come out."""
        return name_reading(self._options, inline_tags=self._inline_tags)

    def list_files(self) -> Listing:
        """List the note files; CorpusError where git cannot, or the commit has none."""
        return self._listing

    def hash_file(self, path: str) -> str:
        """Return the hash of a file's bytes, as of one on the disk; OSError without its bytes."""
        return hashlib.blake2b(self._read(path), digest_size=16).hexdigest()

    def read_files(self, paths: Sequence[str]) -> Iterator[ReadFile]:
        """Read and cut files, one result for each path, in their order."""
        return map(self._read_and_cut, paths)

    def close(self) -> None:
        """End the reading of the repository."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def __enter__(self) -> CommittedFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @cached_property
    def _entries(self) -> dict[str, _Entry]:
        """All that lies below the corpus, by path; names that are not UTF-8 with their bytes."""
        tree = ("ls-tree", "-r", "-l", "-z", "--full-tree", self._commit.tree)
        try:
            self._require_whole()
            lines = self._git.ask(*tree).split(b"\0")
        except GitError as error:
            raise CorpusError(
                f"corpus {self._corpus}: git cannot read commit {self._commit.short_hash}: {error}"
            ) from error
        found = {}
        for line in filter(None, lines):
            facts, _, path = line.partition(b"\t")
            mode, _, name, size = facts.decode("ascii", "replace").split()
            found[os.fsdecode(path)] = _Entry(mode, name, int(size) if size.isdigit() else 0)
        return found

    def _require_whole(self) -> None:
        """Raise CorpusError where the clone has left files out, which git would fetch one by one.

        Only a clone that was made so is looked through.
        """
        try:
            self._git.ask("config", "--get-regexp", r"^remote\..*\.promisor$")
        except GitError:
            return
        listed = self._git.ask(
            *("rev-list", "--objects", "--no-walk", "--missing=print"), self._commit.tree
        )
        missing = sum(line.startswith(b"?") for line in listed.split(b"\n"))
        if missing:
            raise CorpusError(
                f"corpus {self._corpus}: {missing:,} files of commit {self._commit.short_hash} "
                "were left out when the repository was cloned; to fetch them, run: "
                "git fetch --refetch --no-filter"
            )

    @cached_property
    def _listing(self) -> Listing:
        """The note files, chosen as a walk over a folder chooses them."""
        is_ignored = self._ignores()
        indexes = self._index_folders()
        walked: dict[str, bool] = {"": True}

        def is_walked(folder: str) -> bool:
            known = walked.get(folder)
            if known is None:
                upper, _, name = folder[:-1].rpartition("/")
                known = walked[folder] = (
                    is_walked(f"{upper}/" if upper else "")
                    and not name.startswith(".")
                    and folder not in indexes
                    and not is_ignored(folder)
                )
            return known

        files: list[ListedFile] = []
        skipped: list[Finding] = []
        for path, entry in sorted(self._entries.items()):
            folder, slash, name = path.rpartition("/")
            if name.startswith(".") or not _is_wanted(name, entry) or _leads_nowhere(path):
                continue
            if not is_utf8(path):
                skipped.append(Finding(ascii(path), None, NOT_UTF8))
            elif is_walked(folder + slash) and not is_ignored(path):
                if entry.mode in _FILES:
                    files.append(ListedFile(path, entry.size, entry.mark))
                else:
                    reason = _IS_LINK if entry.mode == _LINK else _IS_OTHER
                    skipped.append(Finding(path, None, reason))
        if not files:
            raise CorpusError(
                f"corpus {self._corpus} had no notes in commit {self._commit.short_hash} of "
                f"{self._commit.date}; name another commit"
            )
        left_out = frozenset(finding.path for finding in skipped)
        return Listing(tuple(files), tuple(skipped), left_out)

    def _ignores(self) -> Callable[[str], bool]:
        entry = self._entries.get(IGNORE_FILE)
        data = b""
        if entry is not None and entry.mode in _FILES:
            # Too long a file is refused by its first bytes, as on the disk.
            is_short = entry.size <= MOST_IGNORE_BYTES
            data = self._blobs.read(entry.name) if is_short else bytes(MOST_IGNORE_BYTES + 1)
        place = f"{IGNORE_FILE} of commit {self._commit.short_hash}"
        return ignores_of(data, self._options.ignore, place)

    def _index_folders(self) -> set[str]:
        """Return the folders, with a slash, that are an index which was committed."""
        names: dict[str, set[str]] = {}
        for path in self._entries:
            folder, slash, name = path.rpartition("/")
            names.setdefault(folder + slash, set()).add(name)
        return {folder for folder, inside in names.items() if folder and is_index(inside)}

    @cached_property
    def _inline_tags(self) -> bool:
        options = self._options
        if options.inline_tags is not None:
            return options.inline_tags
        if any(path.startswith(".obsidian/") for path in self._entries):
            return True
        paths = [file.path for file in self._listing.files]
        return shows_inline_tags(paths, lambda path, most: self._read(path)[:most])

    def _read_and_cut(self, path: str) -> ReadFile:
        inline_tags = self._inline_tags  # outside of what is guarded: its errors are not the file's

        def read() -> FileReading:
            return self._read_notes(path, inline_tags=inline_tags)

        return read_and_cut(path, read, self._options, self._counter(), debug=self._debug)

    def _read_notes(self, path: str, *, inline_tags: bool) -> FileReading:
        from notesearch.corpus.reader import read_notes

        reason = TOO_LARGE
        if self._entries[path].size <= MAX_FILE_BYTES:
            try:
                data = self._read(path)
            except OSError as error:
                reason = f"cannot be read: {error.strerror}"
            else:
                if not data.startswith(_LFS_POINTER):
                    return read_notes(
                        path, data, rules=self._options.rules, inline_tags=inline_tags
                    )
                reason = _IN_LFS
        return FileReading(path, skipped=Finding(path, None, reason))

    def _read(self, path: str) -> bytes:
        """Return the bytes of a file; of one that is too large for a note, its name in git."""
        entry = self._entries[path]
        if entry.size > MAX_FILE_BYTES:
            return entry.name.encode("ascii")
        return self._blobs.read(entry.name)

    @property
    def _blobs(self) -> GitBlobs:
        if self._opened is None:
            self._opened = self._git.open_blobs()
        return self._opened


def _is_wanted(name: str, entry: _Entry) -> bool:
    """Return whether an entry is a note, or a submodule, in which there may be some."""
    return is_note(name) or entry.mode == _OTHER_REPOSITORY


# Folders in each other without end are a trap; a disk allows paths of 4,096 bytes.
_DEEPEST = 500


def _leads_nowhere(path: str) -> bool:
    """Return whether a path is one that no disk has, as `/etc/x.md` made by hand."""
    return path.count("/") > _DEEPEST or path.startswith("/") or "//" in path
