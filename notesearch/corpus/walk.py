"""List the note files of a corpus folder, and what could not be reached."""

from __future__ import annotations

import os
import stat
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence, Set
from pathlib import Path

from notesearch.corpus.reading_rules import PathPatterns, PatternError
from notesearch.errors import CorpusError
from notesearch.records import Finding, ListedFile, Listing
from notesearch.regular_files import LEADS_OUT, read_inside

NOTE_SUFFIXES = frozenset(
    {".md", ".markdown", ".mdx", ".txt", ".text", ".org", ".rst", ".html", ".htm"}
)
IGNORE_FILE = ".notesearchignore"
# Out by default; a `!name/` line in the ignore file brings one back.
_DEFAULT_IGNORES = ("node_modules/", "_site/", "__pycache__/", "venv/")
# Beside its corpus.txt an index has one of these at least, also while the first update is at work.
_INDEX_FILES = frozenset({"catalog.sqlite", "catalog.sqlite.new", "lock.holder"})
NOT_UTF8 = "the file name is not UTF-8; rename the file"
# Every path is compared with every line: 1,000 lines cost a millisecond a path.
_MOST_IGNORE_LINES = 1_000
MOST_IGNORE_BYTES = 100_000


def list_files(
    corpus: Path,
    ignore: Sequence[str] = (),
    suffixes: frozenset[str] = NOTE_SUFFIXES,
    *,
    follow_links: bool = False,
) -> Listing:
    """List the files of a corpus folder that end so; `ignore` adds lines in gitignore syntax.

    Links that lead out of the corpus are followed only with `follow_links`.
    """
    require_folder(corpus)
    is_ignored = _ignores(corpus, ignore, follow_links=follow_links)
    walk = _Walk(corpus, is_ignored, suffixes, follow_links=follow_links)
    files = sorted(walk.files(), key=lambda file: file.path)
    walk.report_empty_folders([file.path for file in files])
    skipped = sorted(walk.skipped, key=lambda skip: skip.path)
    folders = tuple(sorted(walk.folders))
    return Listing(tuple(files), tuple(skipped), frozenset(walk.left_out), folders)


def require_folder(corpus: Path) -> None:
    """Raise CorpusError for what is no folder that can be read."""
    if not is_utf8(str(corpus)):
        raise CorpusError(f"corpus {str(corpus)!a} has a name that is not UTF-8; rename it")
    try:
        if not corpus.is_dir():
            found = "is a file, not a folder" if corpus.exists() else "does not exist"
            raise CorpusError(f"corpus {corpus} {found}; name a folder of notes")
        next(corpus.iterdir(), None)
    except OSError as error:
        raise CorpusError(f"corpus {corpus} cannot be read: {error.strerror}") from error


def is_utf8(path: str) -> bool:
    """Return whether a path is text that can be stored and shown; the system allows any bytes."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _ignores(corpus: Path, ignore: Sequence[str], *, follow_links: bool) -> Callable[[str], bool]:
    """Return a function that decides whether a path, a folder's with a slash, is left out."""
    file = corpus / IGNORE_FILE
    try:
        data = read_inside(
            corpus, IGNORE_FILE, most=MOST_IGNORE_BYTES + 1, follow_links=follow_links
        )
    except FileNotFoundError:
        data = b""
    except OSError as error:
        raise CorpusError(f"{file} cannot be read: {error.strerror or error}") from error
    return ignores_of(data, ignore, str(file))


def ignores_of(data: bytes, ignore: Sequence[str], file: str) -> Callable[[str], bool]:
    """Return what decides whether a path is left out, by the bytes of an ignore file and a setting.

    CorpusError, which names the file or the setting, for what no pattern is.
    """
    written = _ignore_lines(data, file)
    _require_short("the setting ignore", lines=len(ignore), size=len("\n".join(ignore).encode()))
    if not ignore and not written:  # the common case, without asking a pattern for each path
        return lambda path: f"{path.rstrip('/').rpartition('/')[2]}/" in _DEFAULT_IGNORES
    before = [*_DEFAULT_IGNORES, *ignore]
    try:
        return PathPatterns.from_lines([*before, *written]).match_entry
    except PatternError as error:
        number = error.number - len(before)
        place = f"{file}, line {number}" if number > 0 else "the setting ignore"
        raise CorpusError(f"{place}: {error}") from error


def _ignore_lines(data: bytes, file: str) -> list[str]:
    _require_short(file, size=len(data))  # first: more was not read
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise CorpusError(f"{file} cannot be read: {error}; save it as UTF-8 text") from error
    _require_short(file, lines=len(lines))
    return lines


def _require_short(place: str, *, lines: int = 0, size: int = 0) -> None:
    """Raise CorpusError for more lines, or bytes, than can be compared with every path."""
    if lines > _MOST_IGNORE_LINES or size > MOST_IGNORE_BYTES:
        raise CorpusError(
            f"{place} is too long; it may have {_MOST_IGNORE_LINES:,} lines "
            f"and {MOST_IGNORE_BYTES // 1000} kB"
        )


class _Walk:
    """One walk over a corpus: every real folder once."""

    def __init__(
        self,
        corpus: Path,
        is_ignored: Callable[[str], bool],
        suffixes: frozenset[str],
        *,
        follow_links: bool,
    ) -> None:
        self._corpus = corpus
        self._suffixes = suffixes
        self._root = os.path.join(os.path.realpath(corpus), "")  # noqa: PTH118 - with a slash
        self._is_ignored = is_ignored
        self._follow_links = follow_links
        self._seen: set[tuple[int, int]] = set()  # folders reached so far, as (device, inode)
        self._like_notes: list[str] = []  # folders that are named like a note
        self.folders: list[str] = []  # that were walked
        self.skipped: list[Finding] = []  # files and folders that could not be read
        self.left_out: set[str] = set()  # the paths of those that a setting leaves out

    def files(self) -> Iterator[ListedFile]:
        """Yield the note files, those of a folder before those of the folders in it."""
        waiting = [("", False)]  # no recursion: folders may lie in each other without end
        while waiting:
            folder, is_link = waiting.pop()
            if is_link and not self._may_follow(folder):
                continue
            folders: list[tuple[str, bool]] = []
            for entry in self._entries(folder, is_link=is_link):
                path = f"{folder}{entry.name}"
                if not is_utf8(path):
                    self._skip(ascii(path), NOT_UTF8)
                elif not entry.name.startswith("."):
                    yield from self._entry(entry, path, folders)
            waiting += reversed(folders)

    def report_empty_folders(self, paths: Sequence[str]) -> None:
        """Skip folders that are named like a note and hold none of the files, given in order."""
        for folder in self._like_notes:
            following = bisect_left(paths, folder)
            if following == len(paths) or not paths[following].startswith(folder):
                self._skip(folder.rstrip("/"), "a folder, not a file, and no notes are in it")

    def _entries(self, folder: str, *, is_link: bool) -> list[os.DirEntry[str]]:
        """Return a folder's entries in order; none where a link leads to one reached before."""
        place = self._corpus / folder
        try:
            info = place.stat()
            identity = (info.st_dev, info.st_ino)
            if is_link and identity in self._seen:
                return []
            with os.scandir(place) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._skip(folder or ".", f"folder cannot be read: {error.strerror}")
            return []
        self._seen.add(identity)
        if folder and is_index({entry.name for entry in listed}):
            return []  # an index, which may lie among its notes
        self.folders.append(folder)
        if self._is_wanted(folder.rstrip("/")):
            self._like_notes.append(folder)
        return listed

    def _entry(
        self, entry: os.DirEntry[str], path: str, folders: list[tuple[str, bool]]
    ) -> Iterator[ListedFile]:
        """Yield a note file, or add a folder to those that are still to be walked."""
        try:
            info = entry.stat()
        except OSError as error:  # a link to nowhere, a link to itself, a file just removed
            is_folder = entry.is_dir(follow_symlinks=False)  # its path is too long
            if (is_folder or self._is_wanted(entry.name)) and not self._is_ignored(path):
                self._skip(path, f"cannot be read: {error.strerror}")
            return
        if stat.S_ISDIR(info.st_mode):
            if not self._is_ignored(f"{path}/"):
                folders.append((f"{path}/", entry.is_symlink()))
        elif self._is_wanted(entry.name) and not self._is_ignored(path):
            if not stat.S_ISREG(info.st_mode):
                self._skip(path, "not a regular file")
            elif entry.is_symlink() and not self._follow_links and not self._is_inside(path):
                self._leave_out(path)
            else:
                yield ListedFile(path, info.st_size, info.st_mtime_ns)

    def _may_follow(self, folder: str) -> bool:
        """Return whether to follow a linked folder: one inside has a path of its own."""
        place = self._corpus / folder
        target = os.path.realpath(place)
        if f"{os.path.realpath(place.parent)}/".startswith(f"{target}/"):
            self._skip(folder.rstrip("/"), "a link that leads back to a folder it lies in")
            return False
        if self._is_inside(folder):
            return False
        if not self._follow_links:
            self._leave_out(folder)
        return self._follow_links

    def _is_inside(self, path: str) -> bool:
        return f"{os.path.realpath(self._corpus / path)}/".startswith(self._root)

    def _leave_out(self, path: str) -> None:
        self._skip(path, LEADS_OUT)
        self.left_out.add(path)

    def _is_wanted(self, name: str) -> bool:
        return os.path.splitext(name)[1].lower() in self._suffixes  # noqa: PTH122 - hot path

    def _skip(self, path: str, reason: str) -> None:
        self.skipped.append(Finding(path, None, reason))


def is_index(names: Set[str]) -> bool:
    """Return whether a folder that holds these names is an index."""
    return "corpus.txt" in names and not _INDEX_FILES.isdisjoint(names)


def is_note(name: str) -> bool:
    """Return whether a file of that name is read as notes."""
    return os.path.splitext(name)[1].lower() in NOTE_SUFFIXES  # noqa: PTH122 - hot path
