"""Keep compiled models on disk: a folder each, written whole, checked as far as it is read.

<cache>/compiled/all-MiniLM-L6-v2-float32-1a2b3c4d-v4/
    manifest.json    what the graph takes and gives, sizes and checksums of the others
    model.onnx       token ids -> vectors of length 1, or a cross-encoder's scores
    model.weights    of the graph
    tokenizer.json   read by the library tokenizers

A compiled form is made at first use, and again when a part of it is damaged.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from xxhash import xxh3_64_hexdigest

from notesearch.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_private_folder, sync_tree
from notesearch.embedding.graph_engine import (
    TOKEN_IDS,
    Engine,
    GraphShape,
    UnusableGraphError,
    open_engine,
)
from notesearch.embedding.model_files import ModelSource, compute_fingerprint, find_or_fetch
from notesearch.embedding.token_reader import ReadingRules, open_tokenizer
from notesearch.errors import ModelError, say_nothing
from notesearch.file_sums import CheckedFile, DamagedFileError, FileSums
from notesearch.user_folders import cache_folder

if TYPE_CHECKING:
    import numpy as np
    from filelock import BaseFileLock
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from notesearch.embedding.graph_engine import GraphInputs
    from notesearch.embedding.model_choice import AnyChoice

COMPILED_FORMAT = 4  # raised when what is compiled changes, so that older forms are left aside
MANIFEST, GRAPH, WEIGHTS = "manifest.json", "model.onnx", "model.weights"
TOKENIZER = "tokenizer.json"
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


@dataclass(frozen=True, slots=True)
class TokenTable:
    """The vectors of the tokens among the weights, of which a text reads a row for each token.

    It is half of the default model's 90 MB, and more of one for many languages.
    """

    offset: int  # in bytes, as the others
    row_bytes: int
    rows: int

    @property
    def end(self) -> int:
        """The first byte after the table."""
        return self.offset + self.row_bytes * self.rows


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a compiled model is, beside its graph and tokenizer."""

    fingerprint: str
    rules: ReadingRules
    shape: GraphShape
    warning: str | None = None  # why torch is used, or another precision than asked for
    table: TokenTable | None = None  # among the weights; None where every text reads them all
    # By name; no model.onnx where torch is used.
    files: dict[str, FileSums] = field(default_factory=dict)


def open_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of a compiled form; None where there is none, or a damaged one.

    The tokenizer is checked here; graph and weights are checked when they are opened.
    """
    try:
        manifest = _read_manifest((folder / MANIFEST).read_text(encoding="utf-8"))
        _open_checked(folder, manifest, TOKENIZER).verify()
    except (OSError, ValueError, TypeError, KeyError, DamagedFileError):
        return None
    return manifest


def _read_manifest(text: str) -> Manifest:
    values = json.loads(text)
    checksum = values.pop("checksum")
    if _checksum_of(values) != checksum:
        raise ValueError("the manifest is not what was written")
    shape = GraphShape(**values["shape"] | {"inputs": tuple(values["shape"]["inputs"])})
    files = {
        name: FileSums(sums["size"], bytes.fromhex(sums["sums"]))
        for name, sums in values["files"].items()
    }
    table = TokenTable(**values["table"]) if values["table"] else None
    own = {"rules": ReadingRules(**values["rules"]), "shape": shape, "table": table, "files": files}
    return Manifest(**values | own)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, the last file of a compiled model."""
    values = json.loads(json.dumps(asdict(manifest), default=bytes.hex))  # as it will be read
    values["checksum"] = _checksum_of(values)
    (folder / MANIFEST).write_text(json.dumps(values, indent=1), encoding="utf-8")


def _checksum_of(values: dict[str, object]) -> str:
    return xxh3_64_hexdigest(json.dumps(values, sort_keys=True).encode())


def _open_checked(folder: Path, manifest: Manifest, name: str) -> CheckedFile:
    return CheckedFile(folder / name, manifest.files[name], mapped=True)


class CompiledForm:
    """A model's compiled form: made where there is none, and again where a part is damaged."""

    def __init__(
        self,
        files: ModelFiles,
        announce: Callable[[str], None],
        warn: Callable[[str], None] = say_nothing,
    ) -> None:
        self._files = files
        self._announce = announce
        self.manifest = open_manifest(files.folder) or self._compile(unless_there=True)
        if self.manifest.warning:
            warn(self.manifest.warning)

    @property
    def has_graph(self) -> bool:
        """Whether there is a graph to open; else torch has to run the model."""
        return GRAPH in self.manifest.files

    def open_tokenizer(self) -> Tokenizer:
        """Open the tokenizer, which was checked with the manifest."""
        return open_tokenizer(self._files.folder / TOKENIZER)

    def open_engine(self, *, at_once: bool = False) -> Engine:
        """Open the graph; nothing of it is used that has not been checked.

        The table of tokens is checked at each run as far as that reads it. `at_once` as in
        `graph_engine.open_engine`.
        """
        try:
            opened = self._open(at_once)
        except (OSError, DamagedFileError, UnusableGraphError):
            self.manifest = self._compile()
            opened = self._open(at_once)
        guard = threading.Lock()

        def run(inputs: GraphInputs) -> NDArray[np.float32]:
            nonlocal opened
            engine = opened
            try:
                return engine.run(inputs)
            except DamagedFileError:
                with guard:
                    if opened is engine:  # else another thread has replaced it
                        self.manifest = self._compile()
                        opened = self._open(at_once)
                return opened.run(inputs)

        return replace(opened, run=run)

    def _open(self, at_once: bool) -> Engine:
        """Open the graph after checking it with its weights, but for the table of tokens.

        The rows of the table are checked before each run: to check all 90 MB of the default model
        takes twice as long.
        """
        folder, manifest, table = self._files.folder, self.manifest, self.manifest.table
        # A small graph holds its weights itself.
        names = [name for name in (GRAPH, WEIGHTS) if name in manifest.files]
        files = [_open_checked(folder, manifest, name) for name in names]
        if table is None:
            for file in files:
                file.verify()
            return open_engine(folder / GRAPH, at_once=at_once)
        graph, weights = files
        graph.verify()
        weights.verify(0, table.offset)
        weights.verify(table.end)
        engine = open_engine(folder / GRAPH, at_once=at_once)

        def run(inputs: GraphInputs) -> NDArray[np.float32]:
            weights.verify_rows(table.offset, table.row_bytes, inputs[TOKEN_IDS])
            return engine.run(inputs)

        return replace(engine, run=run)

    def _say_it_waits(self) -> None:
        self._announce(f"another process compiles {self._files.source.name}; waiting for it")

    def _compile(self, *, unless_there: bool = False) -> Manifest:
        """Compile under the lock; another process may have done it while this one waited."""
        files = self._files
        name = files.source.name
        try:
            with _locked(files.folder, self._say_it_waits):
                there = open_manifest(files.folder) if unless_there else None
                if there is not None:
                    return there
                reason = (
                    "again, as its compiled form is damaged"
                    if files.folder.exists()
                    else "once on this machine, to start without PyTorch"
                )
                self._announce(f"compiling {name} {reason}")
                began = monotonic()
                from notesearch.embedding.compile.model_compiler import compile_model

                with _building(files.folder) as scratch:
                    manifest = compile_model(files, scratch)
                self._announce(f"compiled {name} in {monotonic() - began:.0f} s")
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
