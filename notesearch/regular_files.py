"""Read regular files alone: no pipe that waits, no device without end, no link out of a corpus.

A folder of notes may come from anywhere, and may change while it is read: what is checked is the
file that is open, not what its path led to a moment before. An OSError has the reason in its
`strerror`; the caller adds the words for its reader.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from notesearch.records import FileStamp

# The largest note file met in 43 collections has 974 kB; past this size it is data, which would
# take longer to read than anybody waits.
MAX_FILE_BYTES = 5_000_000

LEADS_OUT = "a link that leads out of the corpus; set follow_links: true to read it"

# A pipe that nobody writes to is opened at once, and found to be no file.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


class NotRegularFileError(OSError):
    """A folder, a pipe or a device where a file is expected."""


def read_regular(path: Path, *, most: int) -> bytes:
    """Return the first `most` bytes of a file, wherever links lead."""
    with _open_regular(os.open(path, _FLAGS), path) as file:
        return file.read(most)


def read_inside(corpus: Path, path: str, *, most: int, follow_links: bool = False) -> bytes:
    """Return the first `most` bytes of a file of a corpus.

    Without `follow_links`, a link may lead to another file of the corpus and nowhere else.
    """
    with _open_inside(corpus, path, follow_links=follow_links) as file:
        return file.read(most)


def read_stamped(corpus: Path, path: str, *, follow_links: bool = False) -> tuple[bytes, FileStamp]:
    """Return the bytes of a file of a corpus, as `read_inside` does, with the file's stamp.

    Of a file that is too large for a note, one byte more than a note may have.
    """
    import hashlib  # no question needs it, and it loads OpenSSL

    with _open_inside(corpus, path, follow_links=follow_links) as file:
        before = os.fstat(file.fileno())
        content = file.read(MAX_FILE_BYTES + 1)
        after = os.fstat(file.fileno())
    return content, FileStamp(
        hash=hashlib.blake2b(content, digest_size=16).hexdigest(),
        size=after.st_size,
        mtime_ns=after.st_mtime_ns,
        steady=_size_and_times(before) == _size_and_times(after),
    )


def is_pipe_or_device(path: Path) -> bool:
    """Return whether reading a path may wait without end; OSError where that cannot be found out.

    For a file that is read by something else later, a library for instance.
    """
    return not (path.is_file() or path.is_dir() or not path.exists())


def _size_and_times(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _open_regular(opened: int, path: str | Path) -> BinaryIO:
    """Return the file of a descriptor, which is closed where that is no regular file."""
    mode = os.fstat(opened).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(opened, "rb")
    os.close(opened)
    if stat.S_ISDIR(mode):
        raise NotRegularFileError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    raise NotRegularFileError(errno.EINVAL, "not a regular file", path)


def _open_inside(corpus: Path, path: str, *, follow_links: bool) -> BinaryIO:
    """Open a file of a corpus; without `follow_links` only if it lies inside."""
    if follow_links:
        return _open_regular(os.open(corpus / path, _FLAGS), path)
    root = os.path.realpath(corpus)
    real = os.path.realpath(corpus / path)
    if os.path.commonpath((root, real)) != root:
        raise OSError(errno.ELOOP, LEADS_OUT, path)
    if os.open not in os.supports_dir_fd:
        return _open_regular(os.open(real, _FLAGS), path)
    # Folder by folder, none of them a link any more: one put there meanwhile is refused.
    *folders, name = Path(real).relative_to(root).parts or (".",)
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for below in folders:
            upper = folder
            folder = os.open(below, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK, dir_fd=upper)
            os.close(upper)
        return _open_regular(os.open(name, _FLAGS | _NO_LINK, dir_fd=folder), path)
    finally:
        os.close(folder)
