"""`notesearch watch`: keep an index in step with its notes until it is stopped."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from notesearch.cli.app import CONFIG, CORPUS, INDEX, app, examples, option
from notesearch.cli.chosen_index import ChosenIndex
from notesearch.cli.index_choice import choose_index
from notesearch.cli.output import show_message, write
from notesearch.errors import CorpusError, LockedError, NotesearchError
from notesearch.render.terminal import escaped

if TYPE_CHECKING:
    from notesearch.index.reports import ProgressObserver
    from notesearch.watch import WatchState


@app.command(
    epilog=examples(
        "notesearch watch",
        "notesearch watch -i work",
        "notesearch watch --print-service systemd",
    )
)
def watch(
    service: str | None = option(
        None,
        "--print-service",
        "Print the file that starts it whenever you log in: for systemd or launchd.",
        "NAME",
        complete=lambda: [("systemd", "Linux"), ("launchd", "macOS")],
    ),
    wanted_index: str | None = INDEX,
    corpus: Path | None = CORPUS,
    config: Path | None = CONFIG,
) -> None:
    """Keep the index in step: a note that you save can be found a moment later.

    A line is written for each change. Ctrl-C ends it.
    """
    chosen = choose_index(config, wanted_index, corpus)
    is_new = chosen.is_to_be_made()
    chosen.require_corpus()
    if service is not None:
        from notesearch.cli.watch_service import describe_service

        file, remedy = describe_service(service, chosen)
        write(file, end="")
        show_message(remedy)
        return
    _watch(chosen, is_new=is_new)


def _watch(chosen: ChosenIndex, *, is_new: bool) -> None:
    from notesearch.render.known_indexes import shown_path
    from notesearch.watch import IndexWatch

    is_over = Event()
    with chosen.open(create=is_new) as index, _ended_by_sigterm(is_over):
        index.require_own_corpus()
        show_message(escaped(f"watching {shown_path(index.corpus.resolve())}; Ctrl-C ends it"))
        lines = _WatchLines(is_over, is_new=is_new)
        with IndexWatch(index, observer=lines.show):
            is_over.wait()
    if lines.failure is not None:
        raise lines.failure


@contextmanager
def _ended_by_sigterm(is_over: Event) -> Iterator[None]:
    """Let what service managers send end the watch in order."""
    before = signal.signal(signal.SIGTERM, lambda *_: is_over.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _WatchLines:
    """Writes to stderr what a watch does: a line a change, and a bar for what takes long."""

    def __init__(self, is_over: Event, *, is_new: bool) -> None:
        self._is_over = is_over
        self._is_new = is_new  # there never was a folder that may come back
        self._before: WatchState | None = None
        self._bar = ExitStack()
        self._progress: ProgressObserver | None = None
        self.failure: NotesearchError | None = None  # before the index was ever in step

    def show(self, state: WatchState) -> None:
        """Take over a state of the watch."""
        self._show_progress(state)
        before, self._before = self._before, state
        if state.polling != (before.polling if before else ""):
            how = "the system tells of changes again"
            if state.polling:
                how = f"{state.polling}; looking every second instead"
            show_message(escaped(how))
        if state.report is not None and (before is None or state.report is not before.report):
            self._show_report(before, state)
        if state.error is not None and (before is None or state.error is not before.error):
            self._show_error(state)

    def _show_progress(self, state: WatchState) -> None:
        from notesearch.cli.update_progress import shown_progress

        if state.progress is None:
            self._bar.close()
            self._progress = None
            return
        if self._progress is None:
            self._progress = self._bar.enter_context(shown_progress())
        self._progress(state.progress)

    def _show_report(self, before: WatchState | None, state: WatchState) -> None:
        from notesearch.render.listings import change_lines

        report = state.report
        last = before.report if before else None
        was_well = before is not None and last is not None and before.error is None
        if report is None or (report.is_unchanged and was_well):
            return
        first, *odd = change_lines(report, last.skipped if last else ())
        show_message(f"{time.strftime('%H:%M:%S')}  {first}")
        for line in odd:
            show_message(line)

    def _show_error(self, state: WatchState) -> None:
        error = state.error
        if isinstance(error, OSError):
            show_message(escaped(f"{error}; trying again"))
        elif not isinstance(error, NotesearchError):
            show_message(escaped(f"notesearch: this is a bug: {error!r:.200}; trying again"))
        elif isinstance(error, LockedError):
            show_message(escaped(f"{error.for_shell.partition('; ')[0]}; waiting for it to finish"))
        elif state.report is not None or (isinstance(error, CorpusError) and not self._is_new):
            show_message(escaped(f"{error.for_shell}; trying again"))
        else:
            self.failure = error
            self._is_over.set()
