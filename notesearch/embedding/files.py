"""A file's hash, read in pieces."""

from __future__ import annotations

import hashlib
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
