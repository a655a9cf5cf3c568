"""Write the links between notes for people: of a note, all of them in figures, those that break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from notesearch.cells import cells
from notesearch.index.linked_notes import FoundLink, NoteLinks
from notesearch.records import LinkKind
from notesearch.render.terminal import Style, escaped, printable
from notesearch.render.wrapping import clipped, wrapped_words

_INDENT = " " * 4
_MOST_LINKED = 10  # notes that are named
_BRIEF = 8  # links of a note on each side, below its text
_AS_WRITTEN = {
    LinkKind.WIKILINK: "[[{}]]",
    LinkKind.EMBED: "![[{}]]",
    LinkKind.ORG: "[[{}]]",
    LinkKind.RST: ":{}",
}


def note_link_lines(found: NoteLinks, style: Style) -> Iterator[str]:
    """Show the links of a note, then those of other notes to it, each with its sentence."""
    yield from map(style.bold, wrapped_words(found.note.title, style))
    yield style.place(escaped(found.note.path), None)
    broken = sum(link.is_broken for link in found.links)
    lead_nowhere = f", {broken:,} of them to no note" if broken else ""
    yield ""
    yield style.faint(f"{_counted(len(found.links), 'link')}{lead_nowhere}")
    for link in found.links:
        yield from _line_of(link, style, from_here=True)
    yield ""
    yield style.faint(f"{_counted(len(found.backlinks), 'link')} from other notes")
    for link in found.backlinks:
        yield from _line_of(link, style)


def brief_link_lines(found: NoteLinks, style: Style) -> Iterator[str]:
    """List below a note what it links to and what links to it, a line for each note."""
    for heading, links, back in (
        ("links to", found.links, False),
        ("linked from", found.backlinks, True),
    ):
        places = list(dict.fromkeys(_place(link, back=back) for link in links))
        if not places:
            continue
        yield ""
        yield style.faint(heading)
        for place, name in places[:_BRIEF]:
            yield f"{style.place(place, None)}  {_cut(name, style, cells(place) + 2)}"
        if len(places) > _BRIEF:
            yield style.faint(f"and {len(places) - _BRIEF:,} more")


def broken_link_lines(links: Sequence[FoundLink], style: Style) -> Iterator[str]:
    """List links that lead nowhere: where each stands, what it says, and its sentence."""
    for link in links:
        yield from _line_of(link, style)


def link_figures(links: Sequence[FoundLink], orphans: int, style: Style) -> Iterator[str]:
    """Count links by their kind, and name the notes that most others link to."""
    notes = len({link.note_id for link in links})
    yield f"{_counted(len(links), 'link')} in {_counted(notes, 'note')}"
    count = Counter(link.kind for link in links)
    broken = Counter(link.kind for link in links if link.is_broken)
    width = max((len(f"{number:,}") for number in count.values()), default=1)
    for kind, number in count.most_common():
        nowhere = f", {broken[kind]:,} lead nowhere" if broken[kind] else ""
        yield f"{number:>{width},}  {kind.value}{nowhere}"
    yield f"{_counted(orphans, 'note')} without a link in or out"
    others = {(link.note_id, link.to_note_id): link for link in links if not link.is_broken}
    linked = Counter(
        (link.to_path or "", link.to_title or "")
        for (source, target), link in others.items()
        if source != target
    )
    if linked:
        yield ""
        yield style.faint("linked to by most notes")
        most = sorted(linked.items(), key=lambda item: (-item[1], item[0]))[:_MOST_LINKED]
        width = len(f"{most[0][1]:,}")
        for (path, title), number in most:
            place = escaped(path)
            shown = _cut(printable(title), style, width + cells(place) + 4)
            yield f"{number:>{width},}  {style.place(place, None)}  {shown}"


def _line_of(link: FoundLink, style: Style, *, from_here: bool = False) -> Iterator[str]:
    """Write a link on a line, and its sentence below."""
    if from_here:
        place, name = _place(link, back=False)
        head = f"{link.line:>6,}  "
        indent = " " * len(head)
    else:
        place, head, indent = f"{escaped(link.path)}:{link.line}", "", _INDENT
        name = _as_written(link) if link.is_broken else printable(link.title)
    room = cells(head) + cells(place) + 2
    yield f"{head}{style.place(place, None)}  {_cut(name, style, room)}".rstrip()
    if link.sentence:
        first, *others = wrapped_words(link.sentence, style, indent)
        yield style.faint(first)
        yield from map(style.faint, others)


def _place(link: FoundLink, *, back: bool) -> tuple[str, str]:
    """Return the place of the note on the other side of a link, and how it is called."""
    if back:
        return escaped(link.path), printable(link.title)
    if link.to_path is None:
        return _as_written(link), "leads nowhere"
    return escaped(link.to_path), printable(link.to_title or "")


def _as_written(link: FoundLink) -> str:
    return escaped(_AS_WRITTEN.get(link.kind, "({})").format(link.target))


def _cut(text: str, style: Style, used: int) -> str:
    return clipped(text, max(style.width - used, 12)) if style.cuts else text


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
