"""A corpus in, the same corpus without what its own queries are made of out.

A question that is a line of the note it asks for finds that line, and tells nothing about
the search. So the line is taken out of all that is searched, before it is indexed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from notesearch.records import Listing, Note, Passage, ReadFile


class Corpus(Protocol):
    """A corpus as an index is updated from it."""

    def list_files(self) -> Listing:
        """List the note files."""

    def hash_file(self, path: str) -> str:
        """Hash a file's bytes."""

    def read_files(self, paths: Sequence[str]) -> Iterable[ReadFile]:
        """Read and cut files: one answer a path, in their order."""


@dataclass(frozen=True, slots=True)
class HeldOutCorpus:
    """A corpus whose notes lack what is held out of them; its index is one to measure by alone."""

    corpus: Corpus
    held_out: Mapping[str, str]  # by note id: the title or the line that is left out

    @property
    def fingerprint(self) -> str:
        """What is held out, in short: for the index to know that it was read another way."""
        lines = repr(sorted(self.held_out.items()))
        return f"held out {hashlib.blake2b(lines.encode(), digest_size=4).hexdigest()}"

    def list_files(self) -> Listing:
        """List the note files; they are those of the whole corpus."""
        return self.corpus.list_files()

    def hash_file(self, path: str) -> str:
        """Hash a file's bytes as they are."""
        return self.corpus.hash_file(path)

    def read_files(self, paths: Sequence[str]) -> Iterator[ReadFile]:
        """Read files and leave out what is held out."""
        return (hold_out(file, self.held_out) for file in self.corpus.read_files(paths))


def hold_out(file: ReadFile, held_out: Mapping[str, str]) -> ReadFile:
    """Leave a text out of all that a note is searched by: search texts, headings, names.

    `held_out` gives the text by note id. What is shown (`Passage.text`) stays as it is, and
    `Passage.tokens` stays an upper bound. A passage that had nothing else is left out.
    """
    pairs = list(zip(file.reading.notes, file.passages, strict=True))
    if not any(note.id in held_out for note, _ in pairs):
        return file
    notes = tuple(_note_without(note, held_out.get(note.id)) for note, _ in pairs)
    passages = tuple(passages_without(own, held_out.get(note.id)) for note, own in pairs)
    return replace(file, reading=replace(file.reading, notes=notes), passages=passages)


def passages_without(passages: Sequence[Passage], text: str | None) -> tuple[Passage, ...]:
    """Leave a text out of passages, whatever its case and wherever its lines break."""
    if text is None:
        return tuple(passages)
    pattern = pattern_of(text)
    changed = (_passage_without(passage, pattern) for passage in passages)
    return tuple(passage for passage in changed if passage is not None)


def pattern_of(text: str) -> re.Pattern[str]:
    """Make a pattern that finds a text as whole words, in any case and across lines."""
    words = r"\s+".join(map(re.escape, text.split()))
    return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)


def _note_without(note: Note, text: str | None) -> Note:
    if text is None:
        return note
    pattern = pattern_of(text)
    # An alias is another title: who holds one out means both.
    is_title = pattern.search(" ".join(note.title.split())) is not None
    return replace(note, title="", aliases=()) if is_title else note


def _passage_without(passage: Passage, pattern: re.Pattern[str]) -> Passage | None:
    title, newline, body = passage.search_text.partition("\n")
    rest = pattern.sub(" ", body if newline else title)
    if not rest.strip():
        return None
    # The first line is the place of the title: it stays, empty where the title goes.
    kept = f"{pattern.sub(' ', title).strip()}\n" if newline else ""
    section = tuple(heading for heading in passage.section if not pattern.search(heading))
    return replace(passage, search_text=kept + rest.strip(), section=section)
