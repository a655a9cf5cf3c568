"""Keep an open index in step with its notes, in a thread beside those that ask it.

At the start everything is brought in step, whatever changed while nobody watched. Then the system
tells when notes change, and `Index.update` finds out which: what wakes it may be wrong or late, and
nothing is missed. Where the system does not tell, the folder is compared every second.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from threading import Event, Thread, current_thread
from time import monotonic
from types import TracebackType
from typing import Any

from notesearch.corpus.folder_watch import FolderWatch, UnwatchableError
from notesearch.corpus_index import corpus_folder
from notesearch.errors import LockedError, NotesearchError, UsageError
from notesearch.index.index_layout import IndexLayout
from notesearch.index.lock import holder_of
from notesearch.index.reports import Progress, Stage, UpdateReport
from notesearch.library import Index

# Some 550 passages, which take 4 s on two cores, and 12 s where others keep them busy: about as
# long as other commands wait for the lock. The first ones can be asked for after as many.
_BYTES_PER_UPDATE = 500_000
# Between two such updates, for others that wait for the lock: they try every 0.05 s.
_PAUSE_S = 0.15
_SECONDS_BETWEEN_LOOKS = 0.2  # whether another process still holds the lock
# Whether the folder itself is gone, back, or another one: no watch of its inside tells.
_SECONDS_BETWEEN_CHECKS = 1.0
# Without a word from the system the index is brought in step all the same: it may have lost one.
_LONGEST_IDLE_S = 600.0
_FIRST_RETRY_S, _LAST_RETRY_S = 1.0, 60.0
_POLL_S = 1.0
_POLL_SHARE = 20  # at most one second in so many goes into comparing


class WatchActivity(Enum):
    """What a watch is doing."""

    IDLE = "idle"  # until something changes
    UPDATING = "updating"
    LOCKED_OUT = "locked out"  # another process is writing the index, and is waited for
    STOPPED = "stopped"  # or not started yet


@dataclass(frozen=True, slots=True)
class WatchState:
    """What a watch is doing, and what became of its last update."""

    activity: WatchActivity = WatchActivity.STOPPED
    progress: Progress | None = None  # of the update that runs
    # Of the last update that came to its end. `waiting` counts the files of a large change that
    # the next updates will read: one follows the other.
    report: UpdateReport | None = None
    # What ended the last update, which is tried again; None after one that came to its end. Of a
    # NotesearchError `for_shell` is the line for a person.
    error: BaseException | None = None
    polling: str = ""  # why the folder is compared every second; "" where the system tells


WatchObserver = Callable[[WatchState], None]


def _ignore_state(_: WatchState) -> None:
    """Watch nothing."""


class _StoppedError(Exception):
    """Ends an update that `stop` was called in."""


class IndexWatch:
    """Keeps an open index in step with its notes from `start` to `stop`.

    A large change is read in parts, what was written last first, and the index is free for other
    writers between them. Of a JoinedIndex, each of its `indexes` needs a watch of its own.
    """

    def __init__(self, index: Index, *, observer: WatchObserver = _ignore_state) -> None:
        """Take an index, opened with `create=True` where there may be none yet.

        The observer gets each new state, in the thread of the watch: it must be quick, and raise
        nothing.
        """
        self._index = index
        self._observer = observer
        self._state = WatchState()
        self._stop = Event()
        self._thread = Thread(target=self._run, name="notesearch-watch", daemon=True)
        self._folder_watch: FolderWatch | None = None
        # The folder that is watched, and what it was: another one may come in its place.
        self._watched: tuple[Path | None, tuple[int, int] | None] = (None, None)

    @property
    def state(self) -> WatchState:
        """What the watch is doing; from any thread."""
        return self._state

    def start(self) -> None:
        """Begin in a thread of its own, with an update."""
        if self._thread.ident is not None:
            raise UsageError("this watch was started before; make another one")
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and an update with it: what it embedded is kept for the next one.

        An update notices it between two calls of the model, which take 2 s at most. Call it before
        the index is closed.
        """
        self._stop.set()
        if self._thread.is_alive() and self._thread is not current_thread():
            self._thread.join()

    def __enter__(self) -> IndexWatch:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # ------------------------------------------------------------ in the thread

    def _run(self) -> None:
        try:
            self._keep_in_step()
        finally:
            self._close_folder_watch()
            self._tell(activity=WatchActivity.STOPPED, progress=None)

    def _keep_in_step(self) -> None:
        retry_s = _FIRST_RETRY_S
        while not self._stop.is_set():
            try:
                self._watch_folder()
                report = self._update()
            except _StoppedError:
                return
            except LockedError as error:
                self._wait_for_lock(error)
            except BaseException as error:  # noqa: BLE001 - a bug, or a library in Rust, ends no watch
                self._tell(activity=WatchActivity.IDLE, progress=None, error=error)
                self._wait_for_change(retry_s, is_comparing=False)
                retry_s = min(2 * retry_s, _LAST_RETRY_S)
            else:
                retry_s = _FIRST_RETRY_S
                if report.waiting:
                    self._stop.wait(_PAUSE_S)
                else:
                    self._wait_for_change(_LONGEST_IDLE_S, is_comparing=bool(self._state.polling))

    def _watch_folder(self) -> None:
        """Have the system tell of changes from now on, unless it does, or cannot."""
        folder = corpus_folder(self._index)
        watched = (folder.folder, _identity_of(folder.folder))
        watch = self._folder_watch
        if watch is not None and not watch.is_stale and watched == self._watched:
            return
        self._close_folder_watch()
        self._watched = watched
        if self._index.has_no_corpus():
            self._tell(polling="")
            return
        folders = folder.list_files().folders
        try:
            watch = FolderWatch(folder.folder, folders, self._index.index_dir)
        except UnwatchableError as error:
            self._tell(polling=str(error))
            return
        self._folder_watch = watch
        # What was made since the folders were listed, and before they were watched.
        watch.is_stale = corpus_folder(self._index).list_files().folders != folders
        self._tell(polling="")

    def _close_folder_watch(self) -> None:
        if self._folder_watch is not None:
            self._folder_watch.close()
            self._folder_watch = None

    def _update(self) -> UpdateReport:
        self._tell(activity=WatchActivity.UPDATING, progress=Progress(Stage.COMPARE))
        report = self._index.update(
            progress=self._follow, most_bytes=_BYTES_PER_UPDATE, lock_timeout_s=0.0
        )
        activity = WatchActivity.UPDATING if report.waiting else WatchActivity.IDLE
        self._tell(activity=activity, progress=None, report=report, error=None)
        return report

    def _follow(self, progress: Progress) -> None:
        if self._stop.is_set():
            raise _StoppedError
        self._tell(progress=progress)

    def _tell(self, **changes: Any) -> None:  # noqa: ANN401 - fields of the state
        error, before = changes.get("error"), self._state.error
        if type(error) is type(before) and str(error) == str(before):
            changes["error"] = before  # the same news, of another try
        state = replace(self._state, **changes)
        if state != self._state:
            self._state = state
            self._observer(state)

    # ------------------------------------------------------------ waiting

    def _wait_for_lock(self, error: LockedError) -> None:
        self._tell(activity=WatchActivity.LOCKED_OUT, progress=None, error=error)
        layout = IndexLayout(self._index.index_dir)
        while not self._stop.wait(_SECONDS_BETWEEN_LOOKS) and holder_of(layout) is not None:
            pass

    def _wait_for_change(self, most_s: float, *, is_comparing: bool) -> None:
        """Return when notes may have changed, or so many seconds have passed."""
        until = monotonic() + most_s
        pause_s = _POLL_S if is_comparing else _SECONDS_BETWEEN_CHECKS
        while not self._stop.is_set() and (left_s := until - monotonic()) > 0:
            watch = self._folder_watch
            if watch is None:
                self._stop.wait(min(pause_s, left_s))
            elif watch.wait(min(pause_s, left_s), self._stop):
                return
            corpus, identity = self._watched
            if _identity_of(corpus) != identity:
                return
            if is_comparing:
                began = monotonic()
                if self._is_behind():
                    return
                pause_s = max(_POLL_S, _POLL_SHARE * (monotonic() - began))

    def _is_behind(self) -> bool:
        try:
            drift = self._index.drift()
        except (NotesearchError, OSError):
            return True  # an update says what is wrong
        return drift is None or not drift.is_none


def _identity_of(folder: Path | None) -> tuple[int, int] | None:
    """Return what tells a folder from another one in its place; None where there is none."""
    try:
        status = os.stat(folder) if folder is not None else None  # noqa: PTH116 - None for any error
    except (OSError, ValueError):
        return None
    return (status.st_dev, status.st_ino) if status is not None else None
