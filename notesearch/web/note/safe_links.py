"""Say which addresses of a note may be followed: those of the web, of mail, and of the corpus.

What is not known to be safe is no link. An address of a note never comes into a page as it is,
unless it begins with a scheme that runs nothing.
"""

from __future__ import annotations

import posixpath
import re
from typing import NamedTuple
from urllib.parse import quote, unquote

_WEB = re.compile(r"https?://[^/?#\s\\][^\s\\]*\Z", re.IGNORECASE)
_MAIL = re.compile(r"mailto:[^\s\\:/]+@[^\s\\:/]+\Z", re.IGNORECASE)
# The start of a scheme, or of another host. A single slash is the top of the corpus.
_ELSEWHERE = re.compile(r"[^/?#]*:|//")
_UNSEEN = re.compile(
    r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffd]"
)
_SAFE_SIGNS = "/:?#[]@!$&'()*+,;=%~"
_LONGEST = 4000


class CorpusPath(NamedTuple):
    """A place in the corpus that a note links to."""

    path: str  # with forward slashes; "" for the note itself
    heading: str  # as the link names it; "" for the whole note


def outside_address(target: str) -> str | None:
    """Return an address of the web or of mail as an attribute may have it; None for another.

    The caller escapes it, as all that comes into a page.
    """
    target = target.strip()
    if len(target) > _LONGEST or _UNSEEN.search(target):
        return None
    if _WEB.match(target) or _MAIL.match(target):
        return quote(target, safe=_SAFE_SIGNS, errors="replace")
    return None


def path_in_corpus(target: str, note_path: str) -> CorpusPath | None:
    """Return where in the corpus a relative link of a note leads; None if it leads elsewhere."""
    target = target.strip()
    if not target or len(target) > _LONGEST or _ELSEWHERE.match(target):
        return None
    place, _, heading = target.partition("#")
    path = unquote(place.partition("?")[0])
    if _is_odd(path) or not (path or heading):
        return None
    if not path:
        return CorpusPath("", unquote(heading))
    base = "" if path.startswith("/") else posixpath.dirname(note_path)
    full = posixpath.normpath(posixpath.join(base, path.lstrip("/")))
    if full.startswith(("../", "/")) or full in ("..", "."):
        return None
    return CorpusPath(full, unquote(heading))


def _is_odd(path: str) -> bool:
    """Return whether a path, once its escapes are read, is that of the machine or holds a trick."""
    return any(sign < " " for sign in path) or "\\" in path or bool(_ELSEWHERE.match(path))
