"""Files of the cache: hashed in pieces, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_PIECE_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    """Hash a file's bytes, in hex, read piece by piece."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
    except OSError as error:  # of reading it, which names no file
        raise OSError(error.errno, error.strerror, str(path)) from error
    return digest.hexdigest()


def make_private_folder(folder: Path) -> None:
    """Make a folder, and what it stands in, for its owner alone; what is there stays as it is."""
    # Path.mkdir(parents=True) gives its mode to the last folder only.
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)  # FileExistsError where it is a file


def write_atomically(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old one or the new one, never a part.

    It can be read by its owner alone.
    """
    import tempfile  # 5 ms, for what hardly ever happens

    make_private_folder(path.parent)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def sync_tree(folder: Path) -> None:
    """Bring every file below the folder, and the folder, to the disk."""
    for path in [*folder.rglob("*"), folder]:
        if path.is_dir() and os.name == "nt":
            continue  # Windows has no handle on a folder to sync
        # Windows syncs only what is open for writing; no system opens a folder so.
        handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
