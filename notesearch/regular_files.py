"""Open a file of a corpus: a regular file, inside the corpus, and no more of it than is read.

A folder of notes may come from anywhere, and may change while it is read: what counts is the
file that is open, not what a path led to a moment before.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path

from notesearch.records import FileStamp

# The largest note file met in 43 collections has 974 kB; past this size it is data, which would
# take longer to read than anybody waits.
MAX_FILE_BYTES = 5_000_000

LEADS_OUT = "a link that leads out of the corpus; set follow_links: true to read it"

# A pipe that nobody writes to is opened at once, and found to be no file.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def read_bytes(
    corpus: Path, path: str, *, most: int = MAX_FILE_BYTES + 1, follow_links: bool = False
) -> bytes:
    """Read the bytes alone, as `read_stamped` does."""
    return read_stamped(corpus, path, most=most, follow_links=follow_links)[0]


def read_stamped(
    corpus: Path, path: str, *, most: int = MAX_FILE_BYTES + 1, follow_links: bool = False
) -> tuple[bytes, FileStamp]:
    """Read the first `most` bytes of a file of a corpus; OSError says in its strerror why not.

    By default that is one byte more than a note may have. Without `follow_links`, a link may
    lead to another file of the corpus and nowhere else.
    """
    opened = os.open(corpus / path, _FLAGS) if follow_links else _open_inside(corpus, path)
    try:
        mode = os.fstat(opened).st_mode
        if stat.S_ISDIR(mode):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "not a regular file", path)
        before = os.fstat(opened)
        with os.fdopen(opened, "rb", closefd=False) as file:
            content = file.read(most)
        after = os.fstat(opened)
    finally:
        os.close(opened)
    return content, FileStamp(
        hash=hashlib.blake2b(content, digest_size=16).hexdigest(),
        size=after.st_size,
        mtime_ns=after.st_mtime_ns,
        steady=_times_of(before) == _times_of(after),
    )


def _times_of(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _open_inside(corpus: Path, path: str) -> int:
    """Open what a path leads to, if that is inside the corpus."""
    root = os.path.realpath(corpus)
    real = os.path.realpath(corpus / path)
    if os.path.commonpath((root, real)) != root:
        raise OSError(errno.ELOOP, LEADS_OUT, path)
    if os.open not in os.supports_dir_fd:
        return os.open(real, _FLAGS)
    # Folder by folder, none of them a link any more: one put there meanwhile is refused.
    *folders, name = Path(real).relative_to(root).parts or (".",)
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for below in folders:
            upper = folder
            folder = os.open(below, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK, dir_fd=upper)
            os.close(upper)
        return os.open(name, _FLAGS | _NO_LINK, dir_fd=folder)
    finally:
        os.close(folder)
