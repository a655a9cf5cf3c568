"""The names of all files of an index, once, and how a file is made to last."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from notesearch.errors import UnusableIndexError

_VECTORS_NAME = re.compile(r"vectors-(\d+)\.faiss")


@dataclass(frozen=True, slots=True)
class IndexLayout:
    """The files inside one index folder; `index/README.md` describes them."""

    index_dir: Path

    @property
    def catalog(self) -> Path:
        """The truth: files, notes, passages, words and the vector of each text."""
        return self.index_dir / "catalog.sqlite"

    @property
    def new_catalog(self) -> Path:
        """A first catalog as long as it is not whole."""
        return self.index_dir / "catalog.sqlite.new"

    @property
    def catalog_digest(self) -> Path:
        """The digest of a catalog at rest; absent while a writer is at work."""
        return self.index_dir / "catalog.digest"

    @property
    def damaged_catalog(self) -> Path:
        """Where a rebuild puts a catalog that cannot be opened."""
        return self.index_dir / "catalog.damaged"

    @property
    def journal(self) -> Path:
        """Vectors that an unfinished update has paid for."""
        return self.index_dir / "embedded.journal"

    @property
    def lock(self) -> Path:
        """Held by the one process that writes."""
        return self.index_dir / "lock"

    @property
    def lock_holder(self) -> Path:
        """Says who holds the lock; beside it, since taking a lock may empty the locked file."""
        return self.index_dir / "lock.holder"

    @property
    def floor(self) -> Path:
        """What a search has learned of this generation; learned again where it is lost."""
        return self.index_dir / "floor.json"

    def vectors(self, generation: int) -> Path:
        """Name the FAISS file of a generation."""
        return self.index_dir / f"vectors-{generation}.faiss"

    def other_vectors(self, generation: int) -> list[Path]:
        """List the FAISS files, finished or not, that do not belong to `generation`."""
        kept = self.vectors(generation).name
        return sorted(p for p in self.index_dir.glob("vectors-*.faiss*") if p.name != kept)

    def foreign_files(self) -> list[str]:
        """Names in the folder that no index writes; hidden files and a README may stand there."""
        own = {path.name for path in (*with_logs(self.catalog), *with_logs(self.new_catalog))}
        own |= {self.catalog_digest.name, self.damaged_catalog.name, self.journal.name}
        own |= {self.lock.name, self.lock_holder.name, self.floor.name, "README.md"}
        return sorted(
            entry.name
            for entry in self.index_dir.iterdir()
            if entry.name.removesuffix(".new") not in own
            and not _VECTORS_NAME.fullmatch(entry.name.removesuffix(".new"))
            and not entry.name.startswith(".")
        )


def with_logs(catalog: Path) -> list[Path]:
    """List a catalog's file and those that SQLite may have beside it."""
    return [catalog.with_name(catalog.name + end) for end in ("", "-wal", "-shm", "-journal")]


class DamagedIndexError(UnusableIndexError):
    """Nothing about the disk or the folder is wrong, but the index itself: a rebuild helps."""


def damaged(path: Path, finding: str, remedy: str) -> DamagedIndexError:
    """Say in one line what is damaged and what mends it."""
    return DamagedIndexError(f"{path}: {finding}; {remedy}")


def unusable(path: Path, finding: str, remedy: str) -> UnusableIndexError:
    """Say in one line the place, the finding and the remedy."""
    return UnusableIndexError(f"{path}: {finding}; {remedy}")


@contextmanager
def disk_errors(layout: IndexLayout) -> Iterator[None]:
    """Name the index and a remedy when the disk refuses to keep one of its files."""
    try:
        yield
    except OSError as error:
        remedy = "make the folder writable, or choose another --index"
        if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            remedy = "free some space and run: notesearch index"
        finding = f"cannot be written ({error.strerror})"
        raise unusable(Path(error.filename or layout.index_dir), finding, remedy) from error


def sync_file(path: Path) -> None:
    """Have the file's bytes on the disk before anything names it."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Have the folder's names on the disk; systems that cannot open a folder need no such step."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, content: str) -> None:
    """Put a small file in place so that a reader finds the old or the new, never a part."""
    new = path.with_name(path.name + ".new")
    new.write_text(content, encoding="utf-8")
    sync_file(new)
    new.replace(path)
    sync_folder(path.parent)
