"""One warm index for many requests: asked in threads, kept in step, watched for news."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Generic, ParamSpec, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter

from notesearch.errors import LockedError, NotesearchError, UnusableIndexError
from notesearch.index.snapshot import StoredNote
from notesearch.library import Index
from notesearch.papers import Paper
from notesearch.search.answer import Answer
from notesearch.search.snippets import Piece
from notesearch.watch import IndexWatch, WatchActivity, WatchState

# More at once would only take the processors from each other.
_QUESTIONS_AT_ONCE = 4
_NOTES_AT_ONCE = 2  # that are written as HTML: of a hostile one that takes seconds
# Of those who look at pages, all share what was seen so many seconds ago.
_SECONDS_OF_A_LOOK = 0.3
MOST_HITS = 50

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Found:
    """An answer as the page shows it: some of its hits with their snippets."""

    answer: Answer
    snippets: list[tuple[Piece, ...]]  # of the first hits


class _UntilChange(Generic[R]):
    """What is made of an index, and kept until that changes.

    Two threads may make the same, and none waits.
    """

    def __init__(self, index: Index, make: Callable[[], R]) -> None:
        self._index = index
        self._make = make
        self._kept: tuple[str, R] | None = None  # with the state that it is of

    def get(self) -> R:
        kept, now = self._kept, self._index.stamp
        if kept is None or kept[0] != now:
            kept = self._kept = (now, self._make())
        return kept[1]


class ServedIndex:
    """An index that the handlers of requests share."""

    def __init__(
        self, index: Index, name: str, editor: str = "", watch: IndexWatch | None = None
    ) -> None:
        """Take an open index, by the name that a person knows it by, and what keeps it in step."""
        self.index = index
        self.name = name
        self.editor = editor  # of the settings; "" for the one of the environment
        self.watch = watch
        self._limiter = CapacityLimiter(_QUESTIONS_AT_ONCE)
        self._limiter_of_notes = CapacityLimiter(_NOTES_AT_ONCE)
        self._notes = _UntilChange(index, index.notes)
        self._papers = _UntilChange(index, index.papers)
        self._by_note = _UntilChange(index, lambda: _papers_by_note(self.papers()))
        self._look: tuple[float, str] = (0.0, "")
        self.is_closing = False  # who waits for news waits no longer

    def close(self) -> None:
        """Let those go that wait for news; the index is closed by who has opened it."""
        self.is_closing = True

    async def run(self, function: Callable[P, R], *args: P.args, **options: P.kwargs) -> R:
        """Call a function of the index in a thread; who is no longer waited for is not called."""
        call = partial(function, *args, **options)
        return await anyio.to_thread.run_sync(call, limiter=self._limiter)

    async def run_apart(self, function: Callable[P, R], *args: P.args, **options: P.kwargs) -> R:
        """Call a function that may take long, beside the questions."""
        call = partial(function, *args, **options)
        return await anyio.to_thread.run_sync(call, limiter=self._limiter_of_notes)

    def ask(self, line: str, shown: int) -> Found:
        """Answer a question, with the snippets of the hits that are shown."""
        answer = self.index.search(line, MOST_HITS)
        first = replace(answer, hits=answer.hits[:shown])
        return Found(answer, self.index.snippets(first))

    def notes(self) -> list[StoredNote]:
        """List all notes, the newest first; the same list until the index changes."""
        return self._notes.get()

    def papers(self) -> list[Paper]:
        """Return the papers that notes are on, those noted last first."""
        return self._papers.get()

    def paper_of(self, note_id: str) -> Paper | None:
        """Return the paper that a note is on."""
        return self._by_note.get().get(note_id)

    def doing(self) -> str:
        """Say what the index is busy with, or what went wrong; "" where there is nothing to say."""
        return "" if self.watch is None else describe(self.watch.state)

    def is_being_made(self, error: NotesearchError) -> bool:
        """Return whether an error is due to the first update, which runs."""
        if not isinstance(error, UnusableIndexError | LockedError) or self.watch is None:
            return False
        return self.watch.state.report is None and self.watch.state.error is None

    def stamp(self) -> str:
        """Return a name of what the index holds, "" while it cannot be read."""
        at, seen = self._look
        if time.monotonic() - at >= _SECONDS_OF_A_LOOK:
            try:
                seen = self.index.stamp
            except NotesearchError:
                seen = ""
            self._look = (time.monotonic(), seen)
        return seen


def _papers_by_note(papers: Iterable[Paper]) -> Mapping[str, Paper]:
    return {note.note_id: paper for paper in papers for note in paper.notes}


def describe(state: WatchState) -> str:
    """Say in a few words what a watch is doing."""
    if state.activity is WatchActivity.LOCKED_OUT:
        return "Another program is writing the index."
    progress = state.progress
    if progress is not None and (total := progress.passages_embedded + progress.passages_to_embed):
        return f"Updating: {progress.passages_embedded:,} of {total:,} passages."
    if progress is not None and progress.files_total:
        return f"Updating: {progress.files_done:,} of {progress.files_total:,} files."
    error = state.error
    if error is None:
        return ""
    what = error.for_shell if isinstance(error, NotesearchError) else str(error)
    return f"The last update failed: {what}. It is tried again."
