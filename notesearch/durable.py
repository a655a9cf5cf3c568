"""Write a file whole or not at all, so that it outlasts a crash, and for its owner alone."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

# A folder that is made for somebody's notes, and a file in it.
PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600


def make_private_folder(folder: Path) -> None:
    """Make a folder, and what it stands in, for its owner alone; what is there stays as it is."""
    # Path.mkdir(parents=True) gives its mode to the last folder only.
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        missing.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)  # FileExistsError where it is a file


def create_private(path: Path) -> None:
    """Create an empty file for its owner alone; FileExistsError where something has the name."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE_FILE))


def sync_file(path: Path) -> None:
    """Wait until the bytes of the file are on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in the folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Wait until every file below the folder, and the folder, are on the disk."""
    for path in (*folder.rglob("*"), folder):
        if path.is_dir():
            sync_folder(path)
        else:
            sync_file(path)


def write_whole(path: Path, content: str, *, outlasts_crash: bool = True) -> None:
    """Put a small file in place so that a reader finds the old or the new, never a part.

    It is for its owner alone, as is its folder where that has to be made. One that need not
    outlast a crash of the system waits for no disk.
    """
    make_private_folder(path.parent)
    new = path.with_name(f"{path.name}.{os.urandom(4).hex()}.new")
    try:
        create_private(new)
        new.write_text(content, encoding="utf-8")
        if outlasts_crash:
            sync_file(new)
        new.replace(path)
    except OSError:
        with suppress(OSError):
            new.unlink()
        raise
    if outlasts_crash:
        sync_folder(path.parent)
