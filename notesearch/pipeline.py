"""The architecture on one page: read a corpus, cut its notes, and what is built on that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from notesearch.corpus.chunker import CountTokens, chunk_note
from notesearch.corpus.conventions import writes_inline_tags
from notesearch.corpus.reader import read_file
from notesearch.corpus.walk import NOTE_SUFFIXES, CorpusFile, list_files
from notesearch.errors import UsageError
from notesearch.records import FileReading, Finding, Note, Passage, SkippedFile
from notesearch.settings import Settings


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """What the reading makes of one file: its notes, each with its passages."""

    notes: tuple[tuple[Note, tuple[Passage, ...]], ...]
    findings: tuple[Finding, ...]
    skipped: SkippedFile | None


def parse(
    paths: Sequence[Path], settings: Settings, *, max_tokens: int, count: CountTokens
) -> Iterator[ParsedFile]:
    """Read note files and folders as an update would, without an index; in the order given."""
    for path in paths:
        corpus, files, skipped = _files_of(path, settings)
        inline_tags = resolve_inline_tags(corpus, files, settings)
        for skip in skipped:
            yield ParsedFile((), (), skip)
        for file in files:
            reading = read_file(corpus, file.path, rules=settings.reading, inline_tags=inline_tags)
            yield ParsedFile(
                tuple((note, passages) for note, passages in cut(reading, max_tokens, count)),
                reading.findings,
                reading.skipped,
            )


def cut(
    reading: FileReading, max_tokens: int, count: CountTokens
) -> Iterator[tuple[Note, tuple[Passage, ...]]]:
    """Cut each note of a file into its passages."""
    for note in reading.notes:
        yield note, tuple(chunk_note(note, max_tokens=max_tokens, count=count))


def resolve_inline_tags(corpus: Path, files: tuple[CorpusFile, ...], settings: Settings) -> bool:
    """Decide whether #words in prose are tags, where the settings leave it to the collection."""
    if settings.inline_tags == "auto":
        return writes_inline_tags(corpus, files)
    return settings.inline_tags == "always"


def _files_of(
    path: Path, settings: Settings
) -> tuple[Path, tuple[CorpusFile, ...], tuple[SkippedFile, ...]]:
    """Find the corpus that a path belongs to, and the files meant by it."""
    home = settings.corpus
    inside = home.is_dir() and path.resolve().is_relative_to(home.resolve())
    if path.is_dir():
        corpus = home if inside else path
        listing = list_files(corpus, settings.ignore)
        if not inside:
            return corpus, listing.files, listing.skipped
        prefix = path.resolve().relative_to(home.resolve()).as_posix()
        start = "" if prefix == "." else f"{prefix}/"
        return (
            corpus,
            tuple(file for file in listing.files if file.path.startswith(start)),
            tuple(skip for skip in listing.skipped if skip.path.startswith(start)),
        )
    if not path.exists() and not path.is_symlink():
        raise UsageError(f"{path} does not exist; name a note file or a folder of notes")
    if path.suffix.lower() not in NOTE_SUFFIXES:
        known = " ".join(sorted(NOTE_SUFFIXES))
        raise UsageError(f"{path} is not a kind of file that is read; known are {known}")
    corpus = home if inside else path.parent
    relative = path.resolve().relative_to(home.resolve()) if inside else Path(path.name)
    return corpus, (CorpusFile(relative.as_posix(), 0, 0),), ()
