"""Compiled models on disk: a folder each, written whole, checked when opened, shared by processes.

<cache>/compiled/all-MiniLM-L6-v2-float32-1a2b3c4d-v2/
    manifest.json    what the graph wants and gives, sizes and hashes of the others
    model.onnx       token ids -> vectors of length 1, or a cross-encoder's scores
    model.weights    of the graph
    tokenizer.json   read by the library tokenizers
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from notesearch.embedding.compiled import GraphShape
from notesearch.embedding.files import sha256_of, sync_tree
from notesearch.embedding.tokens import ReadingRules

COMPILED_FORMAT = 2  # raised when what is compiled changes, so that older forms are left aside
MANIFEST, GRAPH, WEIGHTS = "manifest.json", "model.onnx", "model.weights"
TOKENIZER = "tokenizer.json"


@dataclass(frozen=True, slots=True)
class FileStamp:
    """A file as it was written."""

    size: int
    modified_ns: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a compiled model is, beside its graph and tokenizer."""

    fingerprint: str
    rules: ReadingRules
    shape: GraphShape
    warning: str | None = None  # why torch is used, or another precision than asked for
    # By name; no model.onnx where torch is used.
    files: dict[str, FileStamp] = field(default_factory=dict)


def folder_of(cache_dir: Path, fingerprint: str) -> Path:
    """Where the compiled form of a fingerprint stands, or will."""
    return cache_dir / "compiled" / f"{fingerprint.replace(' ', '-')}-v{COMPILED_FORMAT}"


def open_manifest(folder: Path) -> Manifest | None:
    """Read what the folder holds; None when there is nothing, or something damaged."""
    try:
        manifest = _read_manifest((folder / MANIFEST).read_text(encoding="utf-8"))
        intact = all(_is_intact(folder / name, stamp) for name, stamp in manifest.files.items())
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return manifest if intact else None


def _read_manifest(text: str) -> Manifest:
    values = json.loads(text)
    shape = GraphShape(**values["shape"] | {"inputs": tuple(values["shape"]["inputs"])})
    files = {name: FileStamp(**stamp) for name, stamp in values["files"].items()}
    return Manifest(
        **values | {"rules": ReadingRules(**values["rules"]), "shape": shape, "files": files}
    )


def _is_intact(path: Path, stamp: FileStamp) -> bool:
    """Hashed only where size or time moved: hashing 90 MB at each start would cost 0.1 s."""
    stat = path.stat()
    if stat.st_size != stamp.size:
        return False
    return stat.st_mtime_ns == stamp.modified_ns or sha256_of(path) == stamp.sha256


def stamp_files(folder: Path) -> dict[str, FileStamp]:
    """Stamps of the files that a compiler has put there."""
    stamps = {}
    for path in sorted(folder.iterdir()):
        stat = path.stat()
        stamps[path.name] = FileStamp(stat.st_size, stat.st_mtime_ns, sha256_of(path))
    return stamps


@contextmanager
def building(folder: Path) -> Iterator[Path]:
    """Lend a scratch folder that takes the folder's place when the block ends without an error.

    To be used under `locked`. What a killed process left of an earlier try is swept away.
    """
    parent = folder.parent
    for remains in parent.glob(f".{folder.name}.*"):
        shutil.rmtree(remains, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(dir=parent, prefix=f".{folder.name}."))
    try:
        yield scratch
        sync_tree(scratch)
        if folder.exists():  # damaged: moved aside first, as a folder can't replace a full one
            folder.replace(parent / f"{scratch.name}.damaged")
        scratch.replace(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(parent / f"{scratch.name}.damaged", ignore_errors=True)


def write_manifest(scratch: Path, manifest: Manifest) -> None:
    """Write the manifest, the last file of a compiled model."""
    (scratch / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1), encoding="utf-8")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process at a time compiles a model; the others wait and then find it."""
    from filelock import FileLock

    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        yield


def choose_cache(cache_dir: Path | None, warn: Callable[[str], None]) -> Path:
    """Choose the cache folder: the one asked for, the user's, or a temporary one with a warning."""
    wanted = cache_dir or default_cache()
    if _can_write(wanted):
        return wanted
    spare = _temporary_cache()
    warn(f"{wanted}: cannot be written; compiled models are kept in {spare} for now")
    return spare


def default_cache() -> Path:
    """Name the user's own cache folder, as the system has it."""
    from platformdirs import user_cache_path

    return user_cache_path("notesearch") / "models"


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _temporary_cache() -> Path:
    """Name one folder for each process of this user, so that a model is compiled once."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"notesearch-models-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    stat = folder.stat(follow_symlinks=False)
    # Another user who made the folder first could put a graph of their own in it.
    if hasattr(os, "getuid") and (stat.st_uid != user or stat.st_mode & 0o022):
        return Path(tempfile.mkdtemp(prefix="notesearch-models-"))
    return folder
