"""Find what the links and images of one note lead to, and write what may be followed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

from markupsafe import Markup

from notesearch.web.note.images import image_places
from notesearch.web.note.safe_links import outside_address, path_in_corpus

# Finds the address of a page: of a note by its path or name, of an image by its path.
FindAddress = Callable[[str], str | None]

_ANCHOR_SIGNS = re.compile(r"[\w-]+")
_WIDTH = re.compile(r"(\d{1,4})(?:x\d{1,4})?\Z")
_MOST_LOOKS = 2000  # for the notes and images of one page


class LinkWriter:
    """Writes the links of one note; each place is asked for once."""

    def __init__(self, note_path: str, link_to_note: FindAddress, image_url: FindAddress) -> None:
        self._path = note_path
        self._link_to_note = link_to_note
        self._image_url = image_url
        self._known: dict[tuple[FindAddress, str], str | None] = {}

    def opening(self, target: str) -> Markup | None:
        """Return the tag that begins a link; None where nothing may be linked to."""
        if address := outside_address(target):
            return _outside_tag(address)
        place = path_in_corpus(target, self._path)
        if place is None:
            return None
        if place.path:
            return self._inside_tag(self._find(self._link_to_note, place.path), place.heading)
        return self._inside_tag("", place.heading) if place.heading else None

    def opening_of_name(self, name: str) -> Markup | None:
        """Return the tag that begins a wikilink, given as `Note`, `Note#Heading` or `#Heading`."""
        note, _, heading = name.partition("#")
        if not note.strip():
            return self._inside_tag("", heading.rpartition("#")[2])
        found = self._find(self._link_to_note, note.strip())
        return self._inside_tag(found, heading.rpartition("#")[2])

    def image(self, target: str, caption: str, *, in_link: bool = False) -> Markup:
        """Return an image of the corpus; of another place, a link to it, or its words."""
        caption, _, size = caption.partition("|")
        if width := _WIDTH.match(caption):
            caption, size = "", width[0]
        caption = " ".join(caption.split())
        if not outside_address(target):
            name = unquote(target.strip().partition("?")[0].partition("#")[0])
            for path in image_places(self._path, name):
                if address := self._find(self._image_url, path):
                    return _image_tag(address, caption, size)
        shown = caption or PurePosixPath(unquote(target.partition("?")[0])).name[:200] or "image"
        address = outside_address(target)
        if address and not in_link:
            return Markup("{}{}</a>").format(_outside_tag(address, "image"), shown)
        return Markup('<span class="image">{}</span>').format(shown)

    def _find(self, find: FindAddress, name: str) -> str | None:
        key = find, name
        if key not in self._known:
            self._known[key] = find(name) if len(self._known) < _MOST_LOOKS else None
        return self._known[key]

    @staticmethod
    def _inside_tag(address: str | None, heading: str) -> Markup | None:
        if address is None or (not address and not heading.strip()):
            return None
        place = f"#{quote(heading_id(heading))}" if heading.strip() else ""
        return Markup('<a href="{}">').format(address + place)


def heading_id(heading: str) -> str:
    """Return the id of a heading, which never is one that the page itself has."""
    words = "-".join(_ANCHOR_SIGNS.findall(heading.casefold()))
    return f"h-{words[:100].strip('-')}"


def _outside_tag(address: str, kind: str = "outside") -> Markup:
    return Markup('<a class="{}" href="{}" rel="noopener noreferrer nofollow">').format(
        kind, address
    )


def _image_tag(address: str, caption: str, size: str) -> Markup:
    found = _WIDTH.match(size.strip())
    width = Markup(' width="{}"').format(found[1]) if found else ""
    return Markup('<img src="{}" alt="{}" loading="lazy"{}>').format(address, caption, width)
