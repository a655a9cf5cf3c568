"""One writer at a time, between processes; readers take no lock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

from filelock import FileLock, Timeout

from notesearch.errors import LockedError
from notesearch.index.layout import IndexLayout, unusable


@contextmanager
def writer_lock(layout: IndexLayout, timeout_s: float) -> Iterator[None]:
    """Hold the index for writing; LockedError names the holder when `timeout_s` has passed.

    The system frees the lock of a process that was killed.
    """
    lock = FileLock(layout.lock)
    try:
        lock.acquire(timeout=timeout_s)
    except Timeout as error:
        raise LockedError(
            f"{layout.index_dir} is being written by {_holder(layout)}; "
            "wait for it to finish, then try again"
        ) from error
    except OSError as error:
        raise unusable(
            layout.index_dir,
            f"cannot be written ({error.strerror})",
            "make the folder writable, or choose another --index",
        ) from error
    try:
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        layout.lock_holder.write_text(f"process {os.getpid()} since {now}\n", encoding="utf-8")
        yield
    finally:
        lock.release()


def _holder(layout: IndexLayout) -> str:
    try:
        return layout.lock_holder.read_text(encoding="utf-8").strip() or "another process"
    except (OSError, UnicodeDecodeError):
        return "another process"
