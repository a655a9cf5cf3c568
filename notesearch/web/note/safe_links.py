"""Say which addresses of a note may be followed to another place: those of the web and of mail.

What is not known to be safe is no link. An address of a note never comes into a page as it is,
unless it begins with a scheme that runs nothing.
"""

from __future__ import annotations

import re
from urllib.parse import quote

_WEB = re.compile(r"https?://[^/?#\s\\][^\s\\]*\Z", re.IGNORECASE)
_MAIL = re.compile(r"mailto:[^\s\\:/]+@[^\s\\:/]+\Z", re.IGNORECASE)
_UNSEEN = re.compile(
    r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffd]"
)
_SAFE_SIGNS = "/:?#[]@!$&'()*+,;=%~"
LONGEST_TARGET = 4000


def outside_address(target: str) -> str | None:
    """Return an address of the web or of mail as an attribute may have it; None for another.

    The caller escapes it, as all that comes into a page.
    """
    target = target.strip()
    if len(target) > LONGEST_TARGET or _UNSEEN.search(target):
        return None
    if _WEB.match(target) or _MAIL.match(target):
        return quote(target, safe=_SAFE_SIGNS, errors="replace")
    return None
