"""Find what the links and images of one note lead to, and write what may be followed."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

from markupsafe import Markup

from notesearch.corpus.facts.note_links import is_path_of_note, org_target
from notesearch.records import LinkKind
from notesearch.web.note.images import image_places
from notesearch.web.note.safe_links import LONGEST_TARGET, outside_address

# Finds the address of a note's page by the target of a link, as it is written.
FindNote = Callable[[LinkKind, str], str | None]
FindImage = Callable[[str], str | None]

_ANCHOR_SIGNS = re.compile(r"[\w-]+")
_WIDTH = re.compile(r"(\d{1,4})(?:x\d{1,4})?\Z")
_MOST_LOOKS = 2000  # for the notes and images of one page


class LinkWriter:
    """Writes the links of one note; each place is asked for once."""

    def __init__(self, note_path: str, link_to_note: FindNote, image_url: FindImage) -> None:
        self._path = note_path
        self._is_org = note_path.lower().endswith(".org")
        self._link_to_note = link_to_note
        self._image_url = image_url
        self._known: dict[tuple[str, str], str | None] = {}

    def opening(self, target: str) -> Markup | None:
        """Return the tag that begins a link; None where nothing may be linked to."""
        if address := outside_address(target):
            return _outside_tag(address)
        target = target.strip()
        place, _, heading = target.partition("#")
        if not place:
            return self._inside_tag("", unquote(heading))
        if self._is_org and (found := self._org_note(target)):
            return self._inside_tag(found, "")
        if len(target) > LONGEST_TARGET or not is_path_of_note(target, is_org=self._is_org):
            return None
        return self._inside_tag(self._note(LinkKind.MARKDOWN, target), unquote(heading))

    def opening_of_name(self, name: str) -> Markup | None:
        """Return the tag that begins a wikilink, given as `Note`, `Note#Heading` or `#Heading`."""
        note, _, heading = name.partition("#")
        if not note.strip():
            return self._inside_tag("", heading.rpartition("#")[2])
        found = self._org_note(name) if self._is_org else self._note(LinkKind.WIKILINK, name)
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
                if address := self._find(("image", path), partial(self._image_url, path)):
                    return _image_tag(address, caption, size)
        shown = caption or PurePosixPath(unquote(target.partition("?")[0])).name[:200] or "image"
        address = outside_address(target)
        if address and not in_link:
            return Markup("{}{}</a>").format(_outside_tag(address, "image"), shown)
        return Markup('<span class="image">{}</span>').format(shown)

    def _org_note(self, target: str) -> str | None:
        written = org_target(target)
        return None if written is None else self._note(LinkKind.ORG, written)

    def _note(self, kind: LinkKind, target: str) -> str | None:
        target = target.strip()
        return self._find((kind.value, target), partial(self._link_to_note, kind, target))

    def _find(self, place: tuple[str, str], look: Callable[[], str | None]) -> str | None:
        if place not in self._known:
            self._known[place] = look() if len(self._known) < _MOST_LOOKS else None
        return self._known[place]

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
