"""Compiled models on disk: a folder each, written whole, checked as far as it is read.

<cache>/compiled/all-MiniLM-L6-v2-float32-1a2b3c4d-v4/
    manifest.json    what the graph wants and gives, sizes and checksums of the others
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

from xxhash import xxh3_64_hexdigest

from notesearch.durable import PRIVATE_FILE, PRIVATE_FOLDER, make_private_folder, sync_tree
from notesearch.embedding.graph_engine import GraphShape
from notesearch.embedding.token_reader import ReadingRules
from notesearch.file_sums import CheckedFile, DamagedFileError, FileSums, sum_file
from notesearch.user_folders import cache_folder

COMPILED_FORMAT = 4  # raised when what is compiled changes, so that older forms are left aside
MANIFEST, GRAPH, WEIGHTS = "manifest.json", "model.onnx", "model.weights"
TOKENIZER = "tokenizer.json"


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
        """Where what comes after the table begins."""
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


def folder_of(cache_dir: Path, fingerprint: str) -> Path:
    """Where the compiled form of a fingerprint stands, or will."""
    return cache_dir / "compiled" / f"{fingerprint.replace(' ', '-')}-v{COMPILED_FORMAT}"


def open_manifest(folder: Path) -> Manifest | None:
    """Read what the folder holds; None when there is nothing, or something damaged.

    Graph and weights are checked by who reads them, see `checked_weights`.
    """
    try:
        manifest = _read_manifest((folder / MANIFEST).read_text(encoding="utf-8"))
        for name, sums in manifest.files.items():
            if (folder / name).stat().st_size != sums.size:
                return None
        _open_checked(folder, manifest, TOKENIZER).verify()
    except (OSError, ValueError, TypeError, KeyError, DamagedFileError):
        return None
    return manifest


def checked_weights(folder: Path, manifest: Manifest) -> CheckedFile:
    """Check a compiled graph with its weights, but for the table of tokens.

    Raises DamagedFileError or OSError. The rows of the table are to be checked before each run:
    to check all 90 MB of the default model takes twice as long.
    """
    graph = _open_checked(folder, manifest, GRAPH)
    graph.verify()
    if WEIGHTS not in manifest.files:
        return graph  # which holds them all
    weights = _open_checked(folder, manifest, WEIGHTS)
    if manifest.table is None:
        weights.verify()
    else:
        weights.verify(0, manifest.table.offset)
        weights.verify(manifest.table.end)
    return weights


def _open_checked(folder: Path, manifest: Manifest, name: str) -> CheckedFile:
    return CheckedFile(folder / name, manifest.files[name], mapped=True)


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


def sum_files(folder: Path) -> dict[str, FileSums]:
    """Sum up the files that a compiler has put there, by name."""
    return {path.name: sum_file(path) for path in sorted(folder.iterdir())}


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
        for path in scratch.iterdir():  # what libraries wrote is open to all
            path.chmod(PRIVATE_FILE)
        sync_tree(scratch)
        if folder.exists():  # damaged: moved aside first, as a folder can't replace a full one
            folder.replace(parent / f"{scratch.name}.damaged")
        scratch.replace(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(parent / f"{scratch.name}.damaged", ignore_errors=True)


def write_manifest(scratch: Path, manifest: Manifest) -> None:
    """Write the manifest, the last file of a compiled model."""
    written = json.dumps(asdict(manifest), default=bytes.hex)
    values = json.loads(written)  # lists for tuples, as it is read
    values["checksum"] = _checksum_of(values)
    (scratch / MANIFEST).write_text(json.dumps(values, indent=1), encoding="utf-8")


def _checksum_of(values: dict[str, object]) -> str:
    """Return the checksum of a manifest's other values."""
    return xxh3_64_hexdigest(json.dumps(values, sort_keys=True).encode())


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process at a time compiles a model; the others wait and then find it."""
    from filelock import FileLock

    make_private_folder(folder.parent)
    with FileLock(folder.with_name(f"{folder.name}.lock"), mode=PRIVATE_FILE):
        yield


def choose_cache(cache_dir: Path | None, warn: Callable[[str], None]) -> Path:
    """Choose the cache folder: the one asked for, the user's, or a temporary one with a warning."""
    wanted = cache_dir or default_cache()
    if wanted is not None and _can_write(wanted):
        return wanted
    spare = _temporary_cache()
    found = "no home folder is known" if wanted is None else f"{wanted}: cannot be written"
    warn(f"{found}; compiled models are kept in {spare} for now")
    return spare


def default_cache() -> Path | None:
    """Name the user's own cache folder, as the system has it."""
    folder = cache_folder()
    return folder / "models" if folder is not None else None


def _can_write(folder: Path) -> bool:
    try:
        make_private_folder(folder)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _temporary_cache() -> Path:
    """Name one folder for each process of this user, so that a model is compiled once."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"notesearch-models-{user}"
    folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    stat = folder.stat(follow_symlinks=False)
    # Another user who made the folder first could put a graph of their own in it.
    if hasattr(os, "getuid") and (stat.st_uid != user or stat.st_mode & 0o022):
        return Path(tempfile.mkdtemp(prefix="notesearch-models-"))
    return folder
