"""What the head of an org file says, as fields: keywords, drawers, tags of headings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

_CITEKEY = re.compile(
    r"(?P<doi>10\.\d{4,9}/\S+)|(?P<arxiv>\d{4}\.\d{4,5})|@\S+"
    r"|[A-Za-z][A-Za-z_:-]*[a-z][A-Za-z_:-]*(?:19|20)\d\d\w*|[a-z]+\d\d_\w+"
)
_TIMESTAMP = re.compile(r"[<\[](\d{4}-\d\d-\d\d)[^>\]]*[>\]]")
_TAG_KEYS = {"filetags", "hugo_tags", "roam_tags"}
_ALIAS_KEYS = {"roam_alias", "roam_aliases"}
_LINK_KEYS = {"roam_key", "roam_ref", "roam_refs"}
_TEXT_KEYS = {"author", "description"}  # org joins their lines
_LATE_KEYS = _TAG_KEYS | _ALIAS_KEYS | _LINK_KEYS | _TEXT_KEYS | {"title", "date", "keywords"}
_PAPER_KEYS = {"author", "doi", "url", "year", "arxiv", "arxiv_id", "eprint", "journal"}


class OrgFields:
    """The fields met so far; of keys that say one thing, the first counts."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self._drawers: list[dict[str, str]] = []

    def add(self, key: str, value: str) -> None:
        """Take in one `#+key: value` line or one property of the file."""
        key, value = key.lower(), value.strip()
        if not value:
            return
        if key == "title":
            self._add_title(value)
        elif key in _TAG_KEYS:
            self.add_tags(_tags(value))
        elif key in _ALIAS_KEYS:
            self._extend("aliases", _quoted_words(value))
        elif key in _LINK_KEYS:
            self.values.setdefault(key, value)
            self._add_link(value)
        elif key == "date" and (match := _TIMESTAMP.search(value)):
            self.values.setdefault(key, match[1])
        elif key in _TEXT_KEYS and isinstance(known := self.values.get(key), str):
            self.values[key] = f"{known} {value}"
        else:
            self.values.setdefault(key, value)

    def add_late(self, key: str, value: str) -> None:
        """Take in a keyword that stands below text; most of those are about a figure or table."""
        if key in _LATE_KEYS:
            self.add(key, value)

    def add_tags(self, tags: Iterable[str]) -> None:
        """Take in tags of the file or of its first heading."""
        self._extend("tags", tags)

    def add_drawer(self, properties: dict[str, str]) -> None:
        """Take in the properties of a heading; they count for the file if no other has such."""
        paper = {key: value for key, value in properties.items() if key in _PAPER_KEYS and value}
        if paper:
            self._drawers.append(paper)

    def finish(self) -> dict[str, object]:
        """Give all fields."""
        if len(self._drawers) == 1:
            for key, value in self._drawers[0].items():
                self.values.setdefault(key, value)
        return self.values

    def _add_title(self, value: str) -> None:
        """Cut `citekey: Title`; the key tells which paper it is."""
        key, colon, rest = value.partition(": ")
        match = _CITEKEY.fullmatch(key) if colon else None
        if match and rest.strip():
            self.values.setdefault("citekey", key)
            for name, found in match.groupdict().items():
                if found:
                    self.values.setdefault(name, found)
            value = rest.strip()
        self.values.setdefault("title", value)

    def _add_link(self, value: str) -> None:
        url = next((word for word in value.split() if word.startswith(("http:", "https:"))), None)
        if url:
            self.values.setdefault("url", url)

    def _extend(self, key: str, items: Iterable[str]) -> None:
        known = self.values.setdefault(key, [])
        if isinstance(known, list):
            known.extend(item for item in items if item not in known)


def _tags(value: str) -> list[str]:
    """Split `:a:b:`, `a b` and `"two words" b`."""
    if value.startswith(":"):
        return [tag for tag in value.replace(" ", ":").split(":") if tag]
    return [tag for tag in (word.strip(",") for word in _quoted_words(value)) if tag]


def _quoted_words(value: str) -> list[str]:
    """Split at white space outside of double quotes."""
    lexer = shlex.shlex(value, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.quotes, lexer.commenters, lexer.escape = True, '"', "", ""
    try:
        return list(lexer)
    except ValueError:  # a quote that is never closed
        return value.replace('"', " ").split()
