"""Read the images that lie beside the notes, and nothing else that lies there.

No SVG: it is a document that may hold scripts and other addresses, and its first bytes do not say
what it is. In an image a browser runs none of it, but in a window of its own it would, under the
name of this page.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from notesearch.regular_files import read_inside

_LARGEST = 20_000_000  # bytes
_START = 16  # bytes, which say what kind of image it is
_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif"))
# Where editors put what is pasted into a note.
_FOLDERS = ("attachments", "assets", "images", "files", "Attachments", "Assets")


def safe_image(corpus: Path, path: str) -> tuple[bytes, str] | None:
    """Return an image of the corpus with its media type; None for any other file, or none.

    `path` is relative to the corpus, with forward slashes, its escapes read. The type is what the
    first bytes say, whatever the name does.
    """
    content = _read(corpus, path, most=_LARGEST + 1)
    kind = _media_type(content)
    return (content, kind) if kind and len(content) <= _LARGEST else None


def has_image(corpus: Path, path: str) -> bool:
    """Return whether there is an image of the corpus, which `safe_image` reads."""
    return _media_type(_read(corpus, path, most=_START)) is not None


def _read(corpus: Path, path: str, *, most: int) -> bytes:
    """Return the first bytes of an image; none where there is none, or a link leads out."""
    if not is_image_path(path):
        return b""
    try:
        return read_inside(corpus, path, most=most)
    except (OSError, ValueError):  # a ValueError: the name is none that a file may have
        return b""


def is_image_path(path: str) -> bool:
    """Return whether a path names an image inside of the corpus, as far as its letters say."""
    is_plain = not any(sign < " " or sign in "\\\x7f" for sign in path)
    parts = path.split("/")
    return (
        is_plain
        and all(part not in ("", ".", "..") for part in parts)
        and PurePosixPath(path).suffix.lower() in _SUFFIXES
    )


def image_places(note_path: str, target: str) -> Iterator[str]:
    """Yield the paths in the corpus where an image that a note names may lie, likeliest first.

    `target` has its escapes read. An editor may mean the note's folder, the whole corpus, or a
    folder for attachments in either.
    """
    folder = posixpath.dirname(note_path)
    for base in dict.fromkeys((folder, "")):
        for inner in ("", *_FOLDERS):
            path = posixpath.normpath(posixpath.join(base, inner, target.lstrip("/")))
            if is_image_path(path):
                yield path


def _media_type(start: bytes) -> str | None:
    """Return which kind of image some first bytes begin."""
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if start.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if start.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "image/webp"
    if start[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    return None
