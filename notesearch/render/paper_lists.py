"""List papers with all notes on them: for people, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from notesearch.cells import cells
from notesearch.render.listings import place_of, stored_note_fields
from notesearch.render.terminal import Style, printable, to_json
from notesearch.render.wrapping import clipped

if TYPE_CHECKING:
    from notesearch.papers import Paper

_YEAR_WIDTH = 4
_NARROWEST_TITLE = 30


def paper_lines(papers: Sequence[Paper], style: Style) -> Iterator[str]:
    """List papers: year, title, authors, ids, and the place of each note.

    In a pipe a paper is one line. Where lines are cut, its notes stand below it, each on a line
    of its own; places are there to be copied, and never cut.
    """
    for paper in papers:
        year = f"{paper.year or '':{_YEAR_WIDTH}}"
        title, about = printable(paper.title), _authors_and_ids(paper)
        places = _places(paper, style)
        if not style.cuts:
            yield "  ".join(part for part in (year, title, *about, ", ".join(places)) if part)
            continue
        room = style.width - _YEAR_WIDTH - 2
        shown = "  ".join(about)
        if cells(title) + 2 + cells(shown) > room:
            shown = "  ".join(about[-1:])
        left = max(room - cells(shown) - 2, _NARROWEST_TITLE)
        yield f"{year}  {style.bold(clipped(title, left))}  {style.faint(shown)}".rstrip()
        for place in places:
            yield f"{' ' * (_YEAR_WIDTH + 2)}{place}"


def _authors_and_ids(paper: Paper) -> list[str]:
    return [printable(part) for part in (_short_authors(paper), " ".join(paper.ids)) if part]


def _short_authors(paper: Paper) -> str:
    names = [name.family for name in paper.names]
    if len(names) == 2 and not paper.and_others:
        return " and ".join(names)
    more = " et al." if len(names) > 1 or paper.and_others else ""
    return names[0] + more if names else ""


def _places(paper: Paper, style: Style) -> list[str]:
    copies = set(paper.copies)
    return [
        style.place(place_of(note), None)
        + (style.faint(" (the same text)") if note.note_id in copies else "")
        for note in paper.notes
    ]


def paper_to_json(paper: Paper) -> str:
    """Write a paper as one JSON object, with the fields of its notes."""
    plain = replace(paper, notes=())
    values = {field.name: getattr(plain, field.name) for field in fields(plain)}
    return to_json(values | {"notes": [stored_note_fields(note) for note in paper.notes]})
