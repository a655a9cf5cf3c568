"""A second look at a file that SQLite has open, without taking SQLite's locks away.

POSIX drops all of a process's locks on a file as soon as the process closes any descriptor of
it. A reader that had taken the catalog's digest by opening and closing the file lost the lock
that tells a writer of it; the writer then removed the log at closing, and the reader saw the old
state for ever. So each connection brings a descriptor along, one for all connections to a file,
and it is closed after the last of them.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

_Identity = tuple[int, int]  # device and inode
_guard = threading.Lock()
_shared: dict[_Identity, tuple[int, int]] = {}  # descriptor and number of users


class SharedDescriptor:
    """One user's hold on the descriptor that this process keeps of a file."""

    def __init__(self, path: Path) -> None:
        """Take hold; OSError when the file cannot be read."""
        flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        with _guard:
            status = path.stat()
            self._identity = (status.st_dev, status.st_ino)
            if self._identity in _shared:
                self.number, users = _shared[self._identity]
            else:
                self.number, users = os.open(path, flags), 0
            _shared[self._identity] = (self.number, users + 1)
            self._is_held = True

    def release(self) -> None:
        """Let go, after the connection has been closed; a second time does nothing."""
        with _guard:
            if not self._is_held:
                return
            self._is_held = False
            number, users = _shared.pop(self._identity)
            if users > 1:
                _shared[self._identity] = (number, users - 1)
            else:
                os.close(number)
