"""Read and cut notes that are no files, for an index that keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from notesearch.corpus.folder import PassageCounter, name_reading, read_and_cut
from notesearch.corpus.reading_rules import ReadingOptions
from notesearch.records import AddedNote, ReadFile


class AddedNoteReader:
    """Reads notes by a person's options, but for the rules, which are of files."""

    def __init__(
        self,
        options: ReadingOptions,
        counter: Callable[[], PassageCounter],
        *,
        debug: bool = False,
    ) -> None:
        """Take the options; the counter is asked for when the first note is read, no sooner."""
        self._options = options
        self._counter = counter
        self._debug = debug

    @property
    def fingerprint(self) -> str:
        """What decides, beside the notes and the model, which passages come out; in one line."""
        return name_reading(self._options, inline_tags=self._options.inline_tags)

    def read(self, notes: Iterable[AddedNote]) -> Iterator[ReadFile]:
        """Read and cut notes, one result for each, in their order."""
        return map(self._read_and_cut, notes)

    def _read_and_cut(self, added: AddedNote) -> ReadFile:
        from notesearch.corpus.reader import read_added

        # No collection shows whether #words in prose are tags: the caller names tags.
        inline_tags = bool(self._options.inline_tags)
        return read_and_cut(
            added.id,
            lambda: read_added(added, inline_tags=inline_tags),
            self._options,
            self._counter(),
            debug=self._debug,
        )
