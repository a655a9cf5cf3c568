"""A folder of notes, read and cut for one model: what `parse` shows and an update is handed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from notesearch.corpus.versions import CHUNKER_VERSION, READER_VERSION
from notesearch.corpus.walk import NOTE_SUFFIXES, list_files
from notesearch.errors import NotesearchError, UsageError
from notesearch.records import FileReading, Listing, Passage, ReadFile, SkippedFile
from notesearch.regular_files import read_stamped
from notesearch.settings import Settings

# What reads notes is imported where the first one is read: a query lists the files to tell
# whether the index is behind, and reads none of them.

DEFAULT_CORPUS = Path("corpus")


@dataclass(frozen=True, slots=True)
class Ruler:
    """How long a passage may be, measured the way the model counts."""

    max_tokens: int
    count: Callable[[Sequence[str]], Sequence[int]]  # tokens of each text


class CorpusFolder:
    """The note files of one folder, read by the settings."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        ruler: Callable[[], Ruler],
        *,
        debug: bool = False,
    ) -> None:
        """Take a folder; the ruler is asked for when the first file is read, no sooner.

        With `debug` an error of ours keeps its traceback, and ends the reading.
        """
        self.folder = folder
        self._settings = settings
        self._ruler = ruler
        self._debug = debug

    @property
    def fingerprint(self) -> str:
        """What decides, beside the files and the model, which passages come out; in one line.

        What was decided for the collection belongs to it: one file more may change how all
        the others are read.
        """
        settings = self._settings
        rules = repr((self._inline_tags, settings.reading))
        digest = hashlib.blake2b(rules.encode(), digest_size=4).hexdigest()
        return (
            f"reader {READER_VERSION}, chunker {CHUNKER_VERSION}, "
            f"passages of {settings.passage_tokens} tokens, rules {digest}"
        )

    @cached_property
    def listing(self) -> Listing:
        """The note files, as the folder listed them the first time it was asked."""
        settings = self._settings
        return list_files(self.folder, settings.ignore, follow_links=settings.follow_links)

    def list_files(self) -> Listing:
        """List the note files by stat alone; raise CorpusError when the folder is not there."""
        return self.listing

    def hash_file(self, path: str) -> str:
        """Hash a file's bytes; OSError when it cannot be read."""
        follow_links = self._settings.follow_links
        return read_stamped(self.folder, path, follow_links=follow_links)[1].hash

    def read_files(self, paths: Sequence[str]) -> Iterator[ReadFile]:
        """Read and cut files, one answer a path, in their order."""
        return map(self._read_and_cut, paths)

    def _read_and_cut(self, path: str) -> ReadFile:
        """Read and cut one file; an error of ours in it is a finding, and never stops the rest."""
        from notesearch.corpus.reader import read_file

        settings = self._settings
        inline_tags, ruler = self._inline_tags, self._ruler()  # theirs are no errors of the file
        try:
            reading = read_file(
                self.folder,
                path,
                rules=settings.reading,
                inline_tags=inline_tags,
                follow_links=settings.follow_links,
            )
            return ReadFile(reading, _cut(reading, ruler))
        except (NotesearchError, MemoryError):
            raise
        except Exception as error:
            if self._debug:
                raise
            said = f"{type(error).__name__}: {error}".split("\n", 1)[0].rstrip(": ")
            reason = f"cannot be read: {said:.200}; this is a bug in notesearch, please report it"
            return ReadFile(FileReading(path, skipped=SkippedFile(path, None, reason)))

    @cached_property
    def _inline_tags(self) -> bool:
        """Whether #words in prose are tags, where the settings leave it to the collection."""
        settings = self._settings
        if settings.inline_tags != "auto":
            return settings.inline_tags == "always"
        from notesearch.corpus.conventions import writes_inline_tags

        paths = [file.path for file in self.listing.files]
        return writes_inline_tags(self.folder, paths, follow_links=settings.follow_links)


def _cut(reading: FileReading, ruler: Ruler) -> tuple[tuple[Passage, ...], ...]:
    from notesearch.corpus.chunker import chunk_note

    return tuple(
        tuple(chunk_note(note, max_tokens=ruler.max_tokens, count=ruler.count))
        for note in reading.notes
    )


def parse_paths(
    paths: Sequence[Path],
    settings: Settings,
    ruler: Callable[[], Ruler],
    *,
    debug: bool = False,
) -> Iterator[ReadFile]:
    """Read files and folders as an update would, in the order given."""
    for path in paths:
        folder, start = _home_of(path, settings)
        corpus = CorpusFolder(folder, settings, ruler, debug=debug)
        if not path.is_dir():
            yield from corpus.read_files([start])
            continue
        for skip in corpus.listing.skipped:
            if skip.path.startswith(start):
                yield ReadFile(FileReading(skip.path, skipped=skip))
        files = (file.path for file in corpus.listing.files if file.path.startswith(start))
        yield from corpus.read_files(list(files))


def _home_of(path: Path, settings: Settings) -> tuple[Path, str]:
    """Find the corpus a path belongs to, and where in it: a file's path, a folder's prefix."""
    try:
        is_there = path.exists() or path.is_symlink()
    except OSError as error:  # longer than the system allows, in a folder that is closed
        raise UsageError(f"{path!s:.200} cannot be read: {error.strerror}") from error
    if not is_there:
        raise UsageError(f"{path} does not exist; name a note file or a folder of notes")
    is_folder = path.is_dir()
    if not is_folder and path.suffix.lower() not in NOTE_SUFFIXES:
        known = " ".join(sorted(NOTE_SUFFIXES))
        raise UsageError(f"{path} is not a kind of file that is read; known are {known}")
    corpus = settings.corpus or DEFAULT_CORPUS
    real = path.resolve()
    # A link belongs to the corpus that it lies in, wherever it leads.
    place = path.parent.resolve() / path.name if path.is_symlink() else real
    if corpus.is_dir() and place.is_relative_to(corpus.resolve()):
        inside = place.relative_to(corpus.resolve()).as_posix()
        if inside == ".":
            return corpus, ""
        return corpus, f"{inside}/" if is_folder else inside
    return (path, "") if is_folder else (real.parent, real.name)
