"""One writer at a time, between processes; readers take no lock."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone

from filelock import FileLock, Timeout

from notesearch.durable import PRIVATE_FILE, write_whole
from notesearch.errors import LockedError
from notesearch.index.index_layout import ANOTHER_FOLDER, IndexLayout, require_safe_folder, unusable


@contextmanager
def writer_lock(layout: IndexLayout, timeout_s: float) -> Iterator[None]:
    """Hold the index for writing; LockedError names the holder when `timeout_s` has passed.

    The system frees the lock of a process that was killed.
    """
    require_safe_folder(layout.index_dir)
    lock = _lock_of(layout)
    try:
        lock.acquire(timeout=timeout_s)
    except Timeout as error:
        raise LockedError(
            f"{layout.index_dir} is being written by {_read_holder(layout)}; "
            "wait for it to finish, then try again"
        ) from error
    except OSError as error:
        raise unusable(
            layout.index_dir,
            f"cannot be written ({error.strerror})",
            ANOTHER_FOLDER.after("make the folder writable, or"),
        ) from error
    try:
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        with suppress(OSError):  # a courtesy to others; an update may need no room on the disk
            write_whole(layout.lock_holder, f"process {os.getpid()} since {now}\n")
        yield
    finally:
        lock.release()


def holder_of(layout: IndexLayout) -> str | None:
    """Return which process is writing, None where none is."""
    if not layout.lock.is_file():
        return None
    lock = _lock_of(layout)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return _read_holder(layout)
    except OSError:  # a folder that may only be read
        return None
    lock.release()
    return None


def _lock_of(layout: IndexLayout) -> FileLock:
    return FileLock(layout.lock, mode=PRIVATE_FILE)


def _read_holder(layout: IndexLayout) -> str:
    """Return what the file beside the lock names: a process and since when."""
    try:
        holder = layout.lock_holder.read_bytes()[:200].decode("ascii", "replace").strip()
    except OSError:
        holder = ""
    return holder if re.fullmatch(r"process \d+ since [\dT:+-]+", holder) else "another process"
