"""Keep compiled models in the user's cache: a folder each, written whole.

It is called as in <cache>/compiled/all-MiniLM-L6-v2-float32-1a2b3c4d-v5/, made at the first use of
its model, and made again where a part of it is damaged.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from notesearch.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_private_folder, sync_tree
from notesearch.embedding.compiled_form import CompiledForm, Manifest, open_manifest
from notesearch.embedding.model_files import (
    ModelSource,
    compute_fingerprint,
    find_or_fetch,
    require_libraries,
)
from notesearch.errors import ModelError, say_nothing
from notesearch.user_folders import cache_folder

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from notesearch.embedding.model_choice import AnyChoice

COMPILED_FORMAT = 5  # raised when what is compiled changes, so that older forms are left aside
_PATIENCE_S = 1.0  # another process that only looks is done by then


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model's own files, and the folder of its compiled form, which need not exist."""

    choice: AnyChoice
    source: ModelSource
    fingerprint: str
    cache_dir: Path

    @property
    def folder(self) -> Path:
        """The folder of the compiled form."""
        return folder_of(self.cache_dir, self.fingerprint)

    def require_unchanged(self) -> None:
        """Refuse files that are not those of the fingerprint, before they are loaded.

        The fingerprint was computed from hashes of before where size and time were the same.
        """
        found = compute_fingerprint(self.choice, self.source, self.cache_dir, anew=True)
        if found != self.fingerprint:
            raise ModelError(
                f"model {self.source.folder}: its files changed and kept size and time; "
                "run the command again"
            )


def find_files(
    choice: AnyChoice, cache_dir: Path | None, warn: Callable[[str], None]
) -> ModelFiles:
    """Find a model's files, fetching them where they are not here, and name its compiled form."""
    require_libraries(choice)
    try:
        source = find_or_fetch(choice)
        cache = choose_cache(cache_dir, warn)
        fingerprint = compute_fingerprint(choice, source, cache)
    except OSError as error:
        raise ModelError(
            f"model {choice.name}: {error.filename or 'its files'} cannot be read: "
            f"{error.strerror}; {choice.kind.way_out}"
        ) from error
    return ModelFiles(choice, source, fingerprint, cache)


def folder_of(cache_dir: Path, fingerprint: str) -> Path:
    """Return the folder for the compiled form of a fingerprint."""
    return cache_dir / "compiled" / f"{fingerprint.replace(' ', '-')}-v{COMPILED_FORMAT}"


def open_compiled(
    files: ModelFiles,
    announce: Callable[[str], None],
    warn: Callable[[str], None] = say_nothing,
) -> CompiledForm:
    """Open a model's compiled form, making it where there is none."""
    manifest = open_manifest(files.folder) or _compile(files, announce, unless_there=True)
    if manifest.warning:
        warn(manifest.warning)
    return CompiledForm(files.folder, manifest, lambda _damage: _compile(files, announce))


def _compile(
    files: ModelFiles, announce: Callable[[str], None], *, unless_there: bool = False
) -> Manifest:
    """Compile under the lock; another process may have done it while this one waited."""
    name = files.source.name
    try:
        with _locked(
            files.folder, lambda: announce(f"another process compiles {name}; waiting for it")
        ):
            there = open_manifest(files.folder) if unless_there else None
            if there is not None:
                return there
            reason = (
                "again, as its compiled form is damaged"
                if files.folder.exists()
                else "once on this machine, to start without PyTorch"
            )
            announce(f"compiling {name} {reason}")
            began = monotonic()
            from notesearch.embedding.compile.model_compiler import compile_model

            with _building(files.folder) as scratch:
                manifest = compile_model(files, scratch)
            announce(f"compiled {name} in {monotonic() - began:.0f} s")
            return manifest
    except OSError as error:
        raise ModelError(
            f"{files.folder}: the compiled model cannot be written: {error}; "
            "make room there, or name another cache folder"
        ) from error


@contextmanager
def _locked(folder: Path, say_it_waits: Callable[[], None]) -> Iterator[None]:
    """Only one process at a time compiles a model; the others wait and then find it."""
    from filelock import Timeout

    make_private_folder(folder.parent)
    lock = lock_of(folder)
    try:
        lock.acquire(timeout=_PATIENCE_S)
    except Timeout:
        say_it_waits()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def lock_of(folder: Path) -> BaseFileLock:
    """Return the lock that whoever makes or removes a compiled form holds."""
    from filelock import FileLock

    return FileLock(folder.with_name(f"{folder.name}.lock"), mode=PRIVATE_FILE)


@contextmanager
def _building(folder: Path) -> Iterator[Path]:
    """Yield a scratch folder that takes the folder's place when the block ends without an error.

    To be used under the folder's lock. What a killed process left of an earlier try is removed.
    """
    parent = folder.parent
    for remains in parent.glob(f".{folder.name}.*"):
        shutil.rmtree(remains, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(dir=parent, prefix=f".{folder.name}."))
    damaged = parent / f"{scratch.name}.damaged"
    try:
        yield scratch
        for path in scratch.iterdir():  # what libraries wrote is open to all
            path.chmod(PRIVATE_FILE)
        sync_tree(scratch)
        if folder.exists():  # damaged: moved aside first, as a folder can't replace a full one
            folder.replace(damaged)
        scratch.replace(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(damaged, ignore_errors=True)


def choose_cache(cache_dir: Path | None, warn: Callable[[str], None]) -> Path:
    """Choose the cache folder: the one asked for, the user's, or a temporary one with a warning."""
    own = cache_folder()
    wanted = cache_dir or (own / "models" if own else None)
    if wanted is not None and _can_write(wanted):
        return wanted
    spare = _temporary_cache()
    found = "no home folder is known" if wanted is None else f"{wanted}: cannot be written"
    warn(f"{found}; compiled models are kept in {spare} for now")
    return spare


def _can_write(folder: Path) -> bool:
    try:
        make_private_folder(folder)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _temporary_cache() -> Path:
    """Return one folder for all processes of this user, so that a model is compiled once."""
    user = os.getuid()
    folder = Path(tempfile.gettempdir()) / f"notesearch-models-{user}"
    folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    stat = folder.stat(follow_symlinks=False)
    # Another user who made the folder first could put a graph of their own in it.
    if stat.st_uid != user or stat.st_mode & 0o022:
        return Path(tempfile.mkdtemp(prefix="notesearch-models-"))
    return folder
