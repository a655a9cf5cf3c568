"""Name all files of an index, check what stands in its folder, and make its errors."""

from __future__ import annotations

import errno
import os
import re
import shlex
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from notesearch.engine_address import shown_index
from notesearch.errors import Remedy, UnusableIndexError
from notesearch.index.origin import names_no_corpus, read_corpus_name

# No number is longer than SQLite takes: somebody may have put a file of another name there.
_SEGMENT_NAME = re.compile(r"(?:vectors-([0-9]{1,18})\.faiss|words-([0-9]{1,18})\.bin)")


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
    def damaged_catalog(self) -> Path:
        """Where a rebuild puts a catalog that cannot be opened."""
        return self.index_dir / "catalog.damaged"

    @property
    def corpus_name(self) -> Path:
        """Names the folder of the notes, for when the catalog cannot be read any more."""
        return self.index_dir / "corpus.txt"

    @property
    def journal(self) -> Path:
        """Vectors that an unfinished update has computed."""
        return self.index_dir / "embedded.journal"

    @property
    def note_map(self) -> Path:
        """Where each note stands on the map; made from the catalog when somebody asks."""
        return self.index_dir / "map.json"

    @property
    def lock(self) -> Path:
        """Held by the one process that writes."""
        return self.index_dir / "lock"

    @property
    def lock_holder(self) -> Path:
        """Names the process that holds the lock; taking a lock may empty the locked file."""
        return self.index_dir / "lock.holder"

    def vectors(self, segment: int) -> Path:
        """Name the FAISS file of a segment."""
        return self.index_dir / f"vectors-{segment}.faiss"

    def words(self, segment: int) -> Path:
        """Name the file of a segment's words."""
        return self.index_dir / f"words-{segment}.bin"

    def other_segment_files(self, segments: Iterable[int]) -> list[Path]:
        """List the files, finished or not, that belong to none of these segments."""
        kept = {path for number in segments for path in (self.vectors(number), self.words(number))}
        found = {*self.index_dir.glob("vectors-*.faiss*"), *self.index_dir.glob("words-*.bin*")}
        return sorted(found - kept)

    def unfinished_maps(self) -> list[Path]:
        """List what is left of maps whose writing was cut short."""
        return sorted(self.index_dir.glob(f"{self.note_map.name}.*.new"))

    def last_segment(self) -> int:
        """Return the highest number that a segment's file is named after; 0 where there is none."""
        names = (_SEGMENT_NAME.match(path.name) for path in self.other_segment_files(()))
        return max((int(name[1] or name[2]) for name in names if name), default=0)

    def foreign_files(self) -> list[str]:
        """Names in the folder that no index writes; hidden files and a README may stand there."""
        names = sorted(entry.name for entry in self.index_dir.iterdir())
        return [
            name
            for name in names
            if not self._is_own(name) and not name.startswith(".") and name != "README.md"
        ]

    def may_hold(self, entry: os.DirEntry[str]) -> bool:
        """Return whether an entry of the folder is a file, or a folder that no file of ours is."""
        if entry.is_dir(follow_symlinks=False):
            return not self._is_own(entry.name)
        return entry.is_file(follow_symlinks=False)

    def _is_own(self, name: str) -> bool:
        """Return whether an index writes a file of that name."""
        own = {path.name for path in (*with_logs(self.catalog), *with_logs(self.new_catalog))}
        own |= {self.damaged_catalog.name, self.corpus_name.name, self.journal.name}
        own |= {self.note_map.name, self.lock.name, self.lock_holder.name}
        return name in own or name.endswith(".new") or _SEGMENT_NAME.match(name) is not None

    # ------------------------------------------------------------ what mends it

    def update(self, corpus: str | Path | None = None, *, rebuild: bool = False) -> Remedy:
        """Name what brings this very index in step with its corpus."""
        known = str(corpus) if corpus is not None else read_corpus_name(self.corpus_name)
        given, options = (["rebuild=True"], ["--rebuild"]) if rebuild else ([], [])
        if corpus is not None:
            given.insert(0, repr(_near(known)))
        elif not known and not names_no_corpus(self.corpus_name):
            given.insert(0, "corpus")
        command = index_command(_near(known) if known else "CORPUS", self.index_dir, *options)
        return Remedy(f"call update({', '.join(given)})", f"run: {command}")

    @property
    def rebuild(self) -> Remedy:
        """What makes the index anew."""
        return self.update(rebuild=True)

    @property
    def fix(self) -> Remedy:
        """What mends all that can be mended without a model."""
        command = f"run: notesearch check --fix --index {shlex.quote(shown_index(self.index_dir))}"
        return Remedy("call check(fix=True)", command)


# Where an index cannot be, or is another's.
ANOTHER_FOLDER = Remedy("choose another folder for the index", "choose another --index")


def with_logs(catalog: Path) -> list[Path]:
    """List a catalog's file and those that SQLite may have beside it."""
    return [catalog.with_name(catalog.name + end) for end in ("", "-wal", "-shm", "-journal")]


def require_safe_folder(index_dir: Path) -> None:
    """Refuse an index folder through which somebody else could have files of ours written.

    A link in it leads a write elsewhere, as does what another user puts there meanwhile, and a
    pipe is waited for without end. UnusableIndexError names it; no folder at all is fine.
    """
    try:
        own = IndexLayout(index_dir)
        with os.scandir(index_dir) as entries:
            odd = next((entry for entry in entries if not own.may_hold(entry)), None)
        status = index_dir.stat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise unusable(
            index_dir, f"cannot be read ({error.strerror})", "check the folder's permissions"
        ) from error
    if odd is not None:
        finding = "is a link" if odd.is_symlink() else "is no regular file"
        raise unusable(
            index_dir / odd.name, f"{finding}, and no index holds such", "remove it or the folder"
        )
    others_write = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if hasattr(os, "getuid") and status.st_uid != os.getuid() and others_write:
        raise unusable(
            index_dir, "is another user's folder that others may write into", ANOTHER_FOLDER
        )


class DamagedIndexError(UnusableIndexError):
    """Nothing about the disk or the folder is wrong, but the index itself: a rebuild helps."""


def damaged(path: Path, finding: str, remedy: Remedy) -> DamagedIndexError:
    """Return the error that names in one line what is damaged and the remedy."""
    return DamagedIndexError(f"{path}: {finding}", remedy)


def unusable(path: Path, finding: str, remedy: Remedy | str) -> UnusableIndexError:
    """Return the error that names in one line the place, the finding and the remedy."""
    if isinstance(remedy, str):
        remedy = Remedy(remedy, remedy)
    return UnusableIndexError(f"{path}: {finding}", remedy)


@contextmanager
def disk_errors(layout: IndexLayout) -> Iterator[None]:
    """Name the index and a remedy when the disk refuses to keep one of its files."""
    try:
        yield
    except OSError as error:
        remedy = ANOTHER_FOLDER.after("make the folder writable, or")
        if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            remedy = layout.update().after("free some space and")
        finding = f"cannot be written ({error.strerror})"
        raise unusable(Path(error.filename or layout.index_dir), finding, remedy) from error


def index_command(corpus: str | Path | None, index_dir: Path | None, *options: str) -> str:
    """Return `notesearch index` with a corpus and an index folder, as a shell takes it."""
    words = ["notesearch", "index"]
    if corpus is not None:
        words.append(f"./{corpus}" if str(corpus).startswith("-") else str(corpus))
    if index_dir is not None:
        words += ["--index", shown_index(index_dir)]
    return shlex.join([*words, *options])


def _near(folder: str) -> str:
    """Write a folder as seen from the current one where it lies inside it."""
    try:
        return str(Path(folder).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return folder
