"""A corpus folder in, its note files out: which files are notes, and which could not be reached."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from notesearch.errors import CorpusError
from notesearch.records import ListedFile, Listing, SkippedFile

NOTE_SUFFIXES = frozenset(
    {".md", ".markdown", ".mdx", ".txt", ".text", ".org", ".rst", ".html", ".htm"}
)
IGNORE_FILE = ".notesearchignore"
# Out by default; a `!name/` line in the ignore file brings one back.
_DEFAULT_IGNORES = ("node_modules/", "_site/", "__pycache__/", "venv/")


def list_files(corpus: Path, ignore: Sequence[str] = ()) -> Listing:
    """List the note files of a corpus folder; `ignore` adds lines in gitignore syntax."""
    try:
        if not corpus.is_dir():
            found = "is a file, not a folder" if corpus.exists() else "does not exist"
            raise CorpusError(f"corpus {corpus} {found}; name a folder of notes")
        next(corpus.iterdir(), None)
    except OSError as error:
        raise CorpusError(f"corpus {corpus} cannot be read: {error.strerror}") from error
    walk = _Walk(corpus, _ignores(corpus, ignore))
    files = sorted(walk.files(corpus, ""), key=lambda file: file.path)
    return Listing(tuple(files), tuple(sorted(walk.skipped, key=lambda skip: skip.path)))


def _ignores(corpus: Path, ignore: Sequence[str]) -> Callable[[str], bool]:
    """Give a function that tells whether a path, a folder's with a slash, is to be left out."""
    lines = list(ignore)
    ignore_file = corpus / IGNORE_FILE
    try:
        lines += ignore_file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{ignore_file} cannot be read: {error}") from error
    if not lines:  # the common case, without importing what reads patterns
        return lambda path: f"{path.rstrip('/').rpartition('/')[2]}/" in _DEFAULT_IGNORES
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines([*_DEFAULT_IGNORES, *lines]).match_file
    except ValueError as error:
        raise CorpusError(f"{ignore_file} holds a wrong pattern: {error}") from error


class _Walk:
    """One walk over a corpus: every real folder once; what could not be read is in `skipped`."""

    def __init__(self, corpus: Path, is_ignored: Callable[[str], bool]) -> None:
        self._root = f"{os.path.realpath(corpus)}/"
        self._is_ignored = is_ignored
        self._seen: set[tuple[int, int]] = set()  # folders reached so far, as (device, inode)
        self.skipped: list[SkippedFile] = []

    def files(self, folder: Path, prefix: str) -> Iterator[ListedFile]:
        """Yield the note files below a folder; `prefix` is its path in the corpus."""
        try:
            here = folder.stat()
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._skip(prefix or ".", f"folder cannot be read: {error.strerror}")
            return
        self._seen.add((here.st_dev, here.st_ino))
        for entry in listed:
            path = f"{prefix}{entry.name}"
            try:
                path.encode("utf-8")
            except UnicodeEncodeError:
                self._skip(ascii(path), "the file name is not UTF-8; rename the file")
                continue
            if not entry.name.startswith("."):
                yield from self._entry(entry, path)

    def _entry(self, entry: os.DirEntry[str], path: str) -> Iterator[ListedFile]:
        try:
            info = entry.stat()
        except OSError as error:  # a link to nowhere, a link to itself, a file just removed
            if _is_note(entry.name) and not self._is_ignored(path):
                self._skip(path, f"cannot be read: {error.strerror}")
            return
        if stat.S_ISDIR(info.st_mode):
            if not self._is_ignored(f"{path}/") and self._may_enter(entry, path, info):
                found = list(self.files(Path(entry.path), f"{path}/"))
                if not found and _is_note(entry.name):
                    self._skip(path, "a folder, not a file, and no notes are in it")
                yield from found
        elif _is_note(entry.name) and not self._is_ignored(path):
            if stat.S_ISREG(info.st_mode):
                yield ListedFile(path, info.st_size, info.st_mtime_ns)
            else:
                self._skip(path, "not a regular file")

    def _may_enter(self, entry: os.DirEntry[str], path: str, info: os.stat_result) -> bool:
        """Follow a linked folder only out of the corpus: inside it has a path of its own."""
        if not entry.is_symlink():
            return True
        target = f"{os.path.realpath(entry.path)}/"
        if f"{os.path.realpath(Path(entry.path).parent)}/".startswith(target):
            self._skip(path, "a link that leads back to a folder it lies in")
            return False
        return not target.startswith(self._root) and (info.st_dev, info.st_ino) not in self._seen

    def _skip(self, path: str, reason: str) -> None:
        self.skipped.append(SkippedFile(path, None, reason))


def _is_note(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in NOTE_SUFFIXES  # noqa: PTH122 - hot path
