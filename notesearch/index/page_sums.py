"""Every page of the catalog ends with a checksum, which is compared whenever the page is read.

SQLite notices a page that makes no sense, not a letter that changed. So nothing has to be read
at opening but what opening needs, damage is found by whoever would have been misled by it, and
an update cannot carry damage on: it has read what it rewrites. The number of the page is part of
its checksum, so that a page in another's place is damage too.

SQLite keeps the end of each page free for this when it is asked to (`reserve_bytes`); the log
(`-wal`) has checksums of its own, which SQLite compares when it recovers it.
"""

from __future__ import annotations

import apsw
import xxhash

from notesearch.index.schema import APPLICATION_ID

PAGE_BYTES = 16384  # 16 KiB hold 21 vectors where 4 KiB hold 5, and a first build is faster
SUM_BYTES = 8
_HEADER_BYTES = 100  # of page 1; SQLite looks at it alone before it knows the size of the pages

VFS_NAME = "notesearch"


class PageDamagedError(apsw.CorruptError):
    """A page that is not as it was written."""


class ForeignDatabaseError(apsw.NotADBError):
    """A SQLite file of another program."""


class OldFormatError(apsw.NotADBError):
    """A catalog of a notesearch before pages had checksums."""


class _CheckedFile(apsw.VFSFile):
    """The catalog's file. SQLite reads pages, parts of one, and the header."""

    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._is_read_only = bool(flags[0] & apsw.SQLITE_OPEN_READONLY)
        super().__init__("", name, flags)

    def xLock(self, level: int) -> None:  # noqa: N802
        # At closing SQLite asks a file that it has for reading for a lock to write, and goes on
        # without it; as an error of the system, apsw would raise it.
        if self._is_read_only and level == apsw.SQLITE_LOCK_EXCLUSIVE:
            raise apsw.BusyError("opened for reading")
        super().xLock(level)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's name
        if offset + amount <= _HEADER_BYTES:
            header: bytes = super().xRead(amount, offset)
            _require_ours(header)
            return header
        first = offset // PAGE_BYTES
        behind = -(-(offset + amount) // PAGE_BYTES)
        pages: bytes = super().xRead((behind - first) * PAGE_BYTES, first * PAGE_BYTES)
        view = memoryview(pages)
        for number in range(first, behind):
            start = (number - first) * PAGE_BYTES
            page = view[start : start + PAGE_BYTES]
            if len(page) < PAGE_BYTES or page[-SUM_BYTES:] != _sum_of(page, number):
                raise PageDamagedError(f"page {number + 1} is not as it was written")
        begin = offset - first * PAGE_BYTES
        return pages if amount == len(pages) else pages[begin : begin + amount]

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        number, within = divmod(offset, PAGE_BYTES)
        if within or len(data) != PAGE_BYTES:
            raise apsw.IOError(f"{len(data)} bytes at {offset} are no page")
        page = memoryview(data)
        super().xWrite(b"".join((page[:-SUM_BYTES], _sum_of(page, number))), offset)


class _CheckedFiles(apsw.VFS):
    """The system's own files, with checked pages in databases."""

    def __init__(self) -> None:
        super().__init__(VFS_NAME, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        if flags[0] & apsw.SQLITE_OPEN_MAIN_DB:
            return _CheckedFile(name, flags)
        return apsw.VFSFile("", name, flags)


def _require_ours(header: bytes) -> None:
    """Refuse a file of other pages, before its pages are taken for damaged ones of ours.

    One changed byte does not make a file of ours another program's.
    """
    if len(header) < _HEADER_BYTES:
        return  # a file that is empty yet, or a part of the header
    if not header.startswith(b"SQLite format 3\0"):
        raise apsw.NotADBError("file is not a database")
    pages = (int.from_bytes(header[16:18], "big"), header[20])
    program = int.from_bytes(header[68:72], "big")
    if pages != (PAGE_BYTES, SUM_BYTES) and program != APPLICATION_ID:
        raise ForeignDatabaseError("is the database of another program")
    if header[20] == 0 and program == APPLICATION_ID:
        raise OldFormatError(f"has the old format {int.from_bytes(header[60:64], 'big')}")


def _sum_of(page: memoryview, number: int) -> bytes:
    return xxhash.xxh3_64_digest(page[:-SUM_BYTES], seed=number)


_registered = _CheckedFiles()  # for as long as the process lives: SQLite finds it by its name
