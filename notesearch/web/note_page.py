"""Gather what the page of one note shows: its text, and what is near it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from notesearch.errors import NotesearchError
from notesearch.index.snapshot import StoredNote
from notesearch.library import Index
from notesearch.papers import Paper
from notesearch.records import Hit, LinkKind, NoteKind, Passage, place_in
from notesearch.render.terminal import printable
from notesearch.web.addresses import compare_address, file_address, note_address
from notesearch.web.note.images import has_image, safe_image
from notesearch.web.note.note_html import RenderedNote, render_note
from notesearch.web.note.note_text import read_file_lines
from notesearch.web.served_index import ServedIndex
from notesearch.web.views import (
    copies_of,
    editor_link,
    hit_view,
    link_view,
    note_view,
    notes_on,
    paper_link,
    tag_links,
)

_LIKE = 6
_MOST_LINKED_FROM = 30

Lines = tuple[int, int]


def note_context(served: ServedIndex, name: str, lines: Lines | None) -> dict[str, Any]:
    """Return what the template shows of a note; NoteNameError where there is none."""
    index = served.index
    note, passages = index.show(name)
    corpus = own_corpus(index)
    rendered = _render(served, note, passages, lines, corpus)
    paper = served.paper_of(note.note_id)
    linked_from = index.links(note.note_id).backlinks
    line = lines[0] if lines else note.line_start
    section = next((p.section for p in passages if p.line_start <= line <= p.line_end), ())
    return {
        "note": note_view(note),
        "place": place_in(printable(note.path), *(lines or (note.line_start, note.line_start))),
        "tags": tag_links(note, ""),
        "authors": printable(", ".join(note.authors)),
        "paper": paper_link(note.paper, note.year),
        "like": [
            (hit_view(hit, (), ""), compare_address(f"note:{note.note_id}", f"note:{hit.note_id}"))
            for hit in _like(index, note, paper)
        ],
        "same": notes_on(paper, but=note.note_id) if paper else [],
        "copies": copies_of(paper) if paper else {},
        "linked_from": [link_view(link) for link in linked_from[:_MOST_LINKED_FROM]],
        "more_links": len(linked_from[_MOST_LINKED_FROM:]),
        "editor": editor_link(corpus, note, line, section[-1] if section else "", served.editor),
        "body": rendered.html,
        "sections": rendered.sections,
    }


def own_corpus(index: Index) -> Path | None:
    """Return the folder of the notes; None where the index is not to be believed about it."""
    try:
        index.require_own_corpus()
        return index.corpus.absolute()
    except NotesearchError:
        return None


def read_image(index: Index, path: str) -> tuple[bytes, str] | None:
    """Return an image that lies among the notes, with its media type."""
    corpus = own_corpus(index)
    return None if corpus is None else safe_image(corpus, path)


def _render(
    served: ServedIndex,
    note: StoredNote,
    passages: list[Passage],
    lines: Lines | None,
    corpus: Path | None,
) -> RenderedNote:
    is_file = note.kind is not NoteKind.ADDED

    def image_address(path: str) -> str | None:
        return file_address(path) if corpus and has_image(corpus, path) else None

    def note_address_of(kind: LinkKind, target: str) -> str | None:
        found = served.index.find_link(kind, target, note.note_id)
        return note_address(found) if found else None

    return render_note(
        note,
        passages,
        highlight=lines,
        link_to_note=note_address_of,
        image_url=image_address,
        file_lines=read_file_lines(corpus, note.path) if corpus and is_file else (),
    )


def _like(index: Index, note: StoredNote, paper: Paper | None) -> list[Hit]:
    """Return the notes that are most like one, but for those on its paper."""
    left_out = {other.note_id for other in paper.notes} if paper else set()
    hits = index.similar(note.note_id, _LIKE + len(left_out)).hits
    return [hit for hit in hits if hit.note_id not in left_out][:_LIKE]
