"""Show how far an update is: a bar where a person watches, a line every ten seconds elsewhere."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING

from notesearch.cli.output import show_message
from notesearch.index.reports import Progress, Stage

if TYPE_CHECKING:
    from rich.console import RenderableType

    from notesearch.index.reports import ProgressObserver

_SECONDS_BETWEEN_LINES = 10.0
# The rate is that of the calls of the model in so many seconds: other work of the machine shows.
_SECONDS_OF_RATE = 30.0
# An update with nothing to do is over by then, and draws nothing.
_SECONDS_BEFORE_BAR = 1.0
_NARROWEST_BAR, _WIDEST_BAR = 8, 40

_STAGE_WORDS = {
    Stage.COMPARE: "comparing",
    Stage.READ: "reading",
    Stage.LOAD: "loading the model",
    Stage.EMBED: "embedding",
    Stage.STORE: "storing",
    Stage.VECTORS: "writing vectors",
    Stage.COMMIT: "committing",
}


class UpdateWatch:
    """What there is to show of an update: its stage, how far it is, its rate and the time left."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._began = self._changed = self._stage_began = now()
        self._progress = Progress(Stage.COMPARE)
        self._calls: deque[tuple[int, float]] = deque()  # of the model: passages, seconds
        self._rate = 0.0  # passages in a second

    def observe(self, progress: Progress) -> None:
        """Take over how far the update is."""
        now, before = self._now(), self._progress
        embedded = progress.passages_embedded - before.passages_embedded
        if embedded:
            self._add_call(embedded, now - self._changed)
        if progress.stage is not before.stage:
            self._stage_began = now
        self._progress, self._changed = progress, now

    def _add_call(self, passages: int, seconds: float) -> None:
        self._calls.append((passages, seconds))
        while sum(seconds for _, seconds in self._calls) - self._calls[0][1] >= _SECONDS_OF_RATE:
            self._calls.popleft()
        spent = sum(seconds for _, seconds in self._calls)
        self._rate = sum(passages for passages, _ in self._calls) / max(spent, 1e-6)

    @property
    def is_worth_showing(self) -> bool:
        """Whether there is something to read, or it takes long to find out."""
        has_work = self._progress.files_total > 0
        return has_work or self._now() - self._began >= _SECONDS_BEFORE_BAR

    @property
    def done_and_total(self) -> tuple[int, int]:
        """How far the update is, for a bar: in passages, or in files before any is embedded."""
        now = self._progress
        if passages := now.passages_embedded + now.passages_to_embed:
            return now.passages_embedded, passages
        return now.files_done, now.files_total

    def stage_words(self) -> str:
        """Name what is being done, and for how long where it does not say how far it is."""
        words = _STAGE_WORDS[self._progress.stage]
        seconds = self._now() - self._stage_began
        is_silent = self._progress.stage not in (Stage.READ, Stage.EMBED)
        return f"{words}, {_clock_time(seconds)}" if is_silent and seconds >= 2 else words

    def counts(self) -> str:
        """Write what is done, at which rate, and the time that is left; "" before there is any."""
        now = self._progress
        done, total = self.done_and_total
        if not total:
            return ""
        if not (now.passages_embedded or now.passages_to_embed):
            return f"{done:,} of {total:,} files"
        about = "about " if now.is_estimate else ""
        parts = [f"{done:,} of {about}{total:,} passages"]
        if self._rate and now.passages_to_embed:
            spent = self._now() - self._changed if now.stage is Stage.EMBED else 0.0
            left = now.passages_to_embed / self._rate - spent
            rate = f"{self._rate:,.0f}" if self._rate >= 10 else f"{self._rate:.1f}"
            parts += [f"{rate}/s", f"{_clock_time(max(left, 1))} left"]
        return " · ".join(parts)

    def line(self) -> str:
        """Write all of it on one line, for a log."""
        done, total = self.done_and_total
        share = f" ({done * 100 // total}%)" if total else ""
        counts = self.counts()
        return f"{self.stage_words()}: {counts}{share}" if counts else self.stage_words()


def _clock_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextmanager
def shown_progress() -> Iterator[ProgressObserver]:
    """Yield the observer of an update that shows on stderr how far it is."""
    stderr = sys.stderr
    is_watched = stderr is not None and stderr.isatty() and os.environ.get("TERM") != "dumb"
    watch = UpdateWatch()
    with _drawn_bar(watch) if is_watched else _written_lines(watch):
        yield watch.observe


@contextmanager
def _written_lines(watch: UpdateWatch) -> Iterator[None]:
    """Write a line every few seconds, also while the update is in a call that takes longer."""
    is_over = Event()

    def write_lines() -> None:
        while not is_over.wait(_SECONDS_BETWEEN_LINES):
            show_message(watch.line())

    thread = Thread(target=write_lines, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@contextmanager
def _drawn_bar(watch: UpdateWatch) -> Iterator[None]:
    """Draw a bar that fits the terminal, and wipe it in the end; messages appear above it."""
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    console = Console(stderr=True)

    def draw() -> RenderableType:
        if not watch.is_worth_showing:
            return Group()
        words, counts = watch.stage_words(), watch.counts()
        done, total = watch.done_and_total
        room = console.width - len(words) - len(counts) - 3
        row = Table.grid(padding=(0, 1, 0, 0))
        cells: list[RenderableType] = [Text(words, no_wrap=True)]
        if total and room >= _NARROWEST_BAR:
            cells.append(ProgressBar(total, done, width=min(room, _WIDEST_BAR)))
        row.add_row(*cells, Text(counts, no_wrap=True, overflow="ellipsis"))
        return row

    with Live(get_renderable=draw, console=console, transient=True, refresh_per_second=8):
        yield
