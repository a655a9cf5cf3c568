"""Recognise the folders in which other programs keep notes, and what in them is no note."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from notesearch.regular_files import read_regular

_MOST_BYTES = 1 << 16
_ZOTERO_KEY = re.compile(r"[A-Z0-9]{8}")
# What an ignore file reads as more than itself.
_PATTERN_SIGNS = re.compile(r"[*?\[\]\\!#\x00-\x1f]")
_PDFS_ARE_NOT_READ = (
    "web pages and texts in it are read, PDFs are not; notes written inside Zotero are not in it: "
    "export them from Zotero as Markdown"
)


@dataclass(frozen=True, slots=True)
class NoteFolder:
    """A folder of notes, and the program that it is from."""

    corpus: Path
    program: str = ""  # what it is to the program, "" for any folder
    ignore: tuple[str, ...] = ()  # lines in gitignore syntax
    remark: str = ""


def recognise(folder: Path) -> NoteFolder:
    """Say what a folder of notes is: an Obsidian vault, a Logseq graph, Zotero's storage, or any.

    The `corpus` is the folder itself, or the one inside it that holds the files.
    """
    if _is_folder(folder / ".obsidian"):
        return NoteFolder(folder, "an Obsidian vault", _obsidian_templates(folder))
    if _is_file(folder / "logseq/config.edn"):
        # logseq/bak holds older versions of pages.
        return NoteFolder(folder, "a Logseq graph", ("/logseq/",))
    if _is_file(folder / "zotero.sqlite") and _is_folder(folder / "storage"):
        folder = folder / "storage"
    if _is_zotero_storage(folder):
        return NoteFolder(folder, "the storage folder of Zotero", remark=_PDFS_ARE_NOT_READ)
    return NoteFolder(folder)


def _is_zotero_storage(folder: Path) -> bool:
    if _is_file(folder.absolute().parent / "zotero.sqlite") and folder.absolute().name == "storage":
        return True
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_dir()]
    except OSError:
        return False
    return bool(names) and all(map(_ZOTERO_KEY.fullmatch, names))


def _obsidian_templates(vault: Path) -> tuple[str, ...]:
    """Return a line that leaves the vault's templates out, where it names a folder of them."""
    try:
        text = read_regular(vault / ".obsidian/templates.json", most=_MOST_BYTES)
        named = json.loads(text)["folder"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ()
    folder = named.strip("/ ") if isinstance(named, str) else ""
    return (f"/{folder}/",) if folder and not _PATTERN_SIGNS.search(folder) else ()


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - False for any error


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - False for any error
