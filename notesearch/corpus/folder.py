"""Read the notes of a folder and cut them for one model, for `parse` and for an update."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from heapq import nsmallest
from pathlib import Path
from typing import Protocol

from notesearch.corpus.reading_rules import ReadingOptions
from notesearch.corpus.walk import NOTE_SUFFIXES, list_files
from notesearch.errors import NotesearchError, UsageError
from notesearch.records import FileReading, Finding, Listing, ReadFile
from notesearch.regular_files import read_inside, read_stamped

# The modules that read notes are imported where the first note is read: a query lists the files
# to find out whether the index is behind, and reads none of them.

DEFAULT_CORPUS = Path("corpus")

# Raised whenever the same file may give other passages: an index of an older version reads its
# notes anew and embeds only the texts that are new.
READER_VERSION = 9
CHUNKER_VERSION = 5

# Lines of nothing but hashtags in so many files: who writes these also writes them in prose.
_FILES_WITH_HASHTAGS = 10
# As many as are read in a tenth of a second: every update asks.
_SAMPLE = 300
_START_BYTES = 20_000


class PassageCounter(Protocol):
    """Counts in the tokens of the model that is to embed the passages."""

    @property
    def max_tokens(self) -> int:
        """The most tokens of a passage that the model reads."""

    def count_many(self, texts: Sequence[str]) -> Sequence[int]:
        """Return the number of tokens of each text, in order."""


class CorpusFolder:
    """The note files of one folder, read by a person's options."""

    def __init__(
        self,
        folder: Path,
        options: ReadingOptions,
        counter: Callable[[], PassageCounter],
        *,
        debug: bool = False,
    ) -> None:
        """Take a folder; the counter is asked for when the first file is read, no sooner.

        With `debug` a bug in the reading of a file keeps its traceback and ends the reading.
        """
        self.folder = folder
        self._options = options
        self._counter = counter
        self._debug = debug

    @property
    def fingerprint(self) -> str:
        """What decides, beside the files and the model, which passages come out; in one line.

        What was decided for the collection belongs to it: one file more may change how all
        the others are read.
        """
        return name_reading(self._options, inline_tags=self._inline_tags)

    @cached_property
    def listing(self) -> Listing:
        """The note files, as the folder listed them the first time it was asked."""
        options = self._options
        return list_files(self.folder, options.ignore, follow_links=options.follow_links)

    def list_files(self) -> Listing:
        """List the note files by stat alone; raise CorpusError when there is no such folder."""
        return self.listing

    def hash_file(self, path: str) -> str:
        """Return the hash of a file's bytes; OSError when it cannot be read."""
        return read_stamped(self.folder, path, follow_links=self._options.follow_links)[1].hash

    def read_files(self, paths: Sequence[str]) -> Iterator[ReadFile]:
        """Read and cut files, one result for each path, in their order."""
        return map(self._read_and_cut, paths)

    def _read_and_cut(self, path: str) -> ReadFile:
        from notesearch.corpus.reader import read_file

        options = self._options
        inline_tags = self._inline_tags  # outside of what is guarded: its errors are not the file's

        def read() -> FileReading:
            return read_file(
                self.folder,
                path,
                rules=options.rules,
                inline_tags=inline_tags,
                follow_links=options.follow_links,
            )

        return read_and_cut(path, read, options, self._counter(), debug=self._debug)

    @cached_property
    def _inline_tags(self) -> bool:
        """Whether #words in prose are tags."""
        options = self._options
        if options.inline_tags is not None:
            return options.inline_tags
        paths = [file.path for file in self.listing.files]
        return writes_inline_tags(self.folder, paths, follow_links=options.follow_links)


def name_reading(options: ReadingOptions, *, inline_tags: bool | None) -> str:
    """Return in one line what decides how notes are read and cut."""
    import hashlib  # no question needs it, and it loads OpenSSL

    rules = repr((inline_tags, options.rules))
    digest = hashlib.blake2b(rules.encode(), digest_size=4).hexdigest()
    return (
        f"reader {READER_VERSION}, chunker {CHUNKER_VERSION}, "
        f"passages of {options.passage_tokens} tokens, rules {digest}"
    )


def read_and_cut(
    path: str,
    read: Callable[[], FileReading],
    options: ReadingOptions,
    counter: PassageCounter,
    *,
    debug: bool,
) -> ReadFile:
    """Read and cut one file or note; a bug that it meets is a finding, and never stops the rest."""
    from notesearch.corpus.chunker import chunk_note

    max_tokens = min(options.passage_tokens, counter.max_tokens)
    try:
        reading = read()
        passages = tuple(
            tuple(chunk_note(note, max_tokens=max_tokens, count=counter.count_many))
            for note in reading.notes
        )
    except (NotesearchError, MemoryError):
        raise
    except Exception as error:
        if debug:
            raise
        fault = f"{type(error).__name__}: {error}".split("\n", 1)[0].rstrip(": ")
        reason = f"cannot be read: {fault:.200}; this is a bug in notesearch, please report it"
        return ReadFile(FileReading(path, skipped=Finding(path, None, reason)))
    return ReadFile(reading, passages)


def writes_inline_tags(corpus: Path, paths: Sequence[str], *, follow_links: bool = False) -> bool:
    """Return whether #words in prose are tags here; in most collections they mean "number of".

    A sample decides, the same for the same paths: the hashes of the paths choose it, so that a
    file added or removed changes one of its members at most.
    """
    if (corpus / ".obsidian").is_dir():
        return True

    def read_start(path: str, most: int) -> bytes:
        return read_inside(corpus, path, most=most, follow_links=follow_links)

    return shows_inline_tags(paths, read_start)


def shows_inline_tags(paths: Sequence[str], read_start: Callable[[str, int], bytes]) -> bool:
    """Return what the sample of `writes_inline_tags` says; OSError of one to be read is no matter.

    `read_start` gives the first bytes of a file.
    """
    from notesearch.corpus.facts.tags import hashtag_line

    shown = 0
    for path in nsmallest(_SAMPLE, paths, key=_hash):
        try:
            data = read_start(path, _START_BYTES)
        except OSError:
            continue
        lines = data.decode("utf-8", "replace").split("\n") if b"#" in data else ()
        shown += any(hashtag_line(line) for line in lines if "#" in line)
        if shown == _FILES_WITH_HASHTAGS:
            return True
    return False


def _hash(path: str) -> bytes:
    import hashlib

    return hashlib.blake2b(path.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def parse_paths(
    paths: Sequence[Path],
    corpus: Path,
    options: ReadingOptions,
    counter: Callable[[], PassageCounter],
    *,
    debug: bool = False,
) -> Iterator[ReadFile]:
    """Read files and folders in the order given, those of `corpus` as an update would."""
    for path in paths:
        home, start = _home_of(path, corpus)
        folder = CorpusFolder(home, options, counter, debug=debug)
        if not path.is_dir():
            yield from folder.read_files([start])
            continue
        for skip in folder.listing.skipped:
            if skip.path.startswith(start):
                yield ReadFile(FileReading(skip.path, skipped=skip))
        files = (file.path for file in folder.listing.files if file.path.startswith(start))
        yield from folder.read_files(list(files))


def _home_of(path: Path, corpus: Path) -> tuple[Path, str]:
    """Return the corpus a path belongs to, and a file's path or a folder's prefix within it.

    What lies outside of `corpus` belongs to its own folder.
    """
    try:
        exists = path.exists() or path.is_symlink()
    except OSError as error:  # longer than the system allows, in a folder that is closed
        raise UsageError(f"{path!s:.200} cannot be read: {error.strerror}") from error
    if not exists:
        raise UsageError(f"{path} does not exist; name a note file or a folder of notes")
    is_folder = path.is_dir()
    if not is_folder and path.suffix.lower() not in NOTE_SUFFIXES:
        known = " ".join(sorted(NOTE_SUFFIXES))
        raise UsageError(f"{path} is not a kind of file that is read; known are {known}")
    real = path.resolve()
    # A link belongs to the corpus that it lies in, wherever it leads.
    place = path.parent.resolve() / path.name if path.is_symlink() else real
    if corpus.is_dir() and place.is_relative_to(corpus.resolve()):
        inside = place.relative_to(corpus.resolve()).as_posix()
        if inside == ".":
            return corpus, ""
        return corpus, f"{inside}/" if is_folder else inside
    return (path, "") if is_folder else (real.parent, real.name)
