"""Find how a corpus differs from its index: by size and time, and else by hash."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from notesearch.index.catalog import Catalog
from notesearch.records import FileStamp, Finding, ListedFile, Listing, ReadFile

# A file written again within the clock's step keeps its mtime (FAT counts in 2 s, Linux in
# 4 ms). So a file that was fresh when it was listed is hashed once more by the next update.
_SETTLED_AFTER_NS = 2_000_000_000


class CorpusSource(Protocol):
    """The corpus as an update sees it."""

    def list_files(self) -> Listing:
        """List by stat alone; raise CorpusError when the corpus as a whole is not there."""

    def hash_file(self, path: str) -> str:
        """Hash a file's bytes; OSError when it cannot be read."""

    def read_files(self, paths: Sequence[str]) -> Iterable[ReadFile]:
        """Read and chunk files: one answer a path, in their order, as they are asked for."""


class NoFiles:
    """The corpus of an index of added notes alone."""

    def list_files(self) -> Listing:
        """Return a listing of none."""
        return Listing(())

    def hash_file(self, path: str) -> str:
        """Raise OSError: there is no such file."""
        raise FileNotFoundError(path)

    def read_files(self, paths: Sequence[str]) -> Iterable[ReadFile]:
        """Read none."""
        return ()


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file as the index remembers it."""

    id: int
    path: str
    size: int
    mtime_ns: int
    settled: bool  # an equal size and mtime mean equal bytes
    hash: str | None  # None when it could not even be hashed
    failed: bool  # its notes, if any, are of an earlier reading


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file as it stands in the corpus now."""

    path: str
    size: int
    mtime_ns: int
    settled: bool
    hash: str | None


def as_read(seen: SeenFile, stamp: FileStamp | None) -> SeenFile:
    """Take over what was read, where the file has changed since it was listed or hashed.

    Such a file is not settled: the next update hashes it again, also where it is back by then to
    its earlier size and time.
    """
    if stamp is None:
        return seen
    as_listed = (stamp.hash, stamp.size, stamp.mtime_ns) == (seen.hash, seen.size, seen.mtime_ns)
    return SeenFile(
        path=seen.path,
        size=stamp.size,
        mtime_ns=stamp.mtime_ns,
        settled=seen.settled and stamp.steady and as_listed,
        hash=stamp.hash,
    )


@dataclass(frozen=True, slots=True)
class Changes:
    """How a corpus differs from its index; every list in the order of the paths."""

    added: tuple[SeenFile, ...]
    changed: tuple[SeenFile, ...]
    renamed: tuple[tuple[KnownFile, SeenFile], ...]
    removed: tuple[KnownFile, ...]  # without the renamed
    unchanged: tuple[SeenFile, ...]
    touched: tuple[SeenFile, ...]  # of the unchanged: their size or time must be stored anew
    unreadable: tuple[tuple[SeenFile, Finding], ...]  # could not be hashed
    kept: tuple[KnownFile, ...]  # below what could not be listed
    waiting: int = 0  # files that differ, and were left for the next update

    @property
    def is_empty(self) -> bool:
        """The index already says all there is to say."""
        return not (self.added or self.changed or self.renamed or self.removed or self.unreadable)


def known_files(catalog: Catalog) -> dict[str, KnownFile]:
    """Return the files of the index by path."""
    rows = catalog.rows(
        """SELECT id, path, size, mtime_ns, settled, hash, failed FROM files
        WHERE path NOT IN (SELECT note_id FROM added_notes)"""
    )
    return {
        path: KnownFile(number, path, size, mtime_ns, bool(settled), file_hash, bool(failed))
        for number, path, size, mtime_ns, settled, file_hash, failed in rows
    }


def find_changes(
    source: CorpusSource,
    listing: Listing,
    known: dict[str, KnownFile],
    *,
    most_bytes: int | None = None,
) -> Changes:
    """Compare by size and time, and hash only what these leave open.

    With `most_bytes`, new and changed files are taken up to so many bytes, and one at least: those
    that were written last come first, and the others wait. As long as some wait, no file counts as
    removed: its texts may be in one of them.
    """
    now_ns = time.time_ns()
    files = listing.files
    if most_bytes is not None:
        files = tuple(sorted(files, key=lambda file: file.mtime_ns, reverse=True))
    bytes_taken = waiting = 0
    added: list[SeenFile] = []
    changed: list[SeenFile] = []
    unchanged: list[SeenFile] = []
    touched: list[SeenFile] = []
    unreadable: list[tuple[SeenFile, Finding]] = []
    for file in files:
        before = known.get(file.path)
        if before is not None and _stat_tells_unchanged(file, before):
            unchanged.append(_seen(file, now_ns, before.hash))
            continue
        if most_bytes is not None and bytes_taken >= most_bytes and not _is_as_before(file, before):
            waiting += 1
            continue
        try:
            seen = _seen(file, now_ns, source.hash_file(file.path))
        except OSError as error:
            reason = error.strerror or str(error)
            unreadable.append((_seen(file, now_ns, None), Finding(file.path, None, reason)))
            continue
        if before is None or before.hash != seen.hash:
            bytes_taken += file.size
        if before is None:
            added.append(seen)
        elif before.hash != seen.hash:
            changed.append(seen)
        else:
            unchanged.append(seen)
            if not before.settled or (before.size, before.mtime_ns) != (seen.size, seen.mtime_ns):
                touched.append(seen)
    gone, kept = split_missing(listing, known)
    renamed, added, gone = _pair_renamed(_by_path(added), gone)
    return Changes(
        added=tuple(added),
        changed=tuple(_by_path(changed)),
        renamed=tuple(renamed),
        removed=() if waiting else tuple(gone),
        unchanged=tuple(_by_path(unchanged)),
        touched=tuple(_by_path(touched)),
        unreadable=tuple(sorted(unreadable, key=lambda pair: pair[0].path)),
        kept=tuple(kept),
        waiting=waiting,
    )


def _by_path(files: list[SeenFile]) -> list[SeenFile]:
    return sorted(files, key=lambda file: file.path)


def _stat_tells_unchanged(file: ListedFile, before: KnownFile) -> bool:
    # A file that failed is always looked into again: permissions change without the mtime.
    return _is_as_before(file, before) and before.settled and not before.failed


def _is_as_before(file: ListedFile, before: KnownFile | None) -> bool:
    known = before and (before.size, before.mtime_ns)
    return (file.size, file.mtime_ns) == known


def _seen(file: ListedFile, now_ns: int, file_hash: str | None) -> SeenFile:
    settled = now_ns - file.mtime_ns > _SETTLED_AFTER_NS
    return SeenFile(file.path, file.size, file.mtime_ns, settled, file_hash)


def split_missing(
    listing: Listing, known: dict[str, KnownFile]
) -> tuple[list[KnownFile], list[KnownFile]]:
    """Separate the files that are gone from those that only could not be listed."""
    listed = {file.path for file in listing.files}
    blind = {skipped.path for skipped in listing.skipped} - listing.left_out
    gone: list[KnownFile] = []
    kept: list[KnownFile] = []
    for path in sorted(known.keys() - listed):
        (kept if _is_below(path, blind) else gone).append(known[path])
    return gone, kept


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(
        folder in ("", ".") or path == folder or path.startswith(f"{folder.rstrip('/')}/")
        for folder in folders
    )


def _pair_renamed(
    added: list[SeenFile], gone: list[KnownFile]
) -> tuple[list[tuple[KnownFile, SeenFile]], list[SeenFile], list[KnownFile]]:
    """Take out the pairs of a gone and a new file with the same bytes."""
    by_hash: dict[str, list[KnownFile]] = {}
    for file in reversed(gone):
        if file.hash is not None and not file.failed:
            by_hash.setdefault(file.hash, []).append(file)
    renamed: list[tuple[KnownFile, SeenFile]] = []
    new: list[SeenFile] = []
    for seen in added:
        candidates = by_hash.get(seen.hash or "")
        if candidates:
            renamed.append((candidates.pop(), seen))
        else:
            new.append(seen)
    moved = {before.id for before, _ in renamed}
    return renamed, new, [file for file in gone if file.id not in moved]
