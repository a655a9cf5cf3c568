"""Notes with their passages, as the reading made them: for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from notesearch.records import Note, Passage
from notesearch.render.machine import to_json

_SHOWN_WORDS = 14


def note_to_json(note: Note, passages: Sequence[Passage]) -> str:
    """Write a note with its passages as one JSON object on one line."""
    value = {
        "id": note.id,
        "path": note.path,
        "title": note.title,
        "tags": note.tags,
        "folder_tags": note.folder_tags,
        "date": note.date,
        "year": note.year,
        "paper": note.paper,
        "kind": note.kind.value,
        "line_start": note.line_start,
        "line_end": note.line_end,
        "passages": [
            {
                "section": passage.section,
                "role": passage.role.value if passage.role else None,
                "line_start": passage.line_start,
                "line_end": passage.line_end,
                "text": passage.text,
                "search_text": passage.search_text,
                "tokens": passage.tokens,
            }
            for passage in passages
        ],
    }
    return to_json(value)


def note_lines(note: Note, passages: Sequence[Passage]) -> Iterator[str]:
    """Describe a note for a person: what was read of it, then a line a passage."""
    kind = "" if note.kind.value == "note" else f"  ({note.kind.value})"
    yield f"{note.path}:{note.line_start}-{note.line_end}  {note.title}{kind}"
    facts = {
        "tags": ", ".join(note.tags),
        "folders": ", ".join(note.folder_tags),
        "date": note.date,
        "paper": " ".join(
            str(part) for part in (note.paper, note.year and f"({note.year})") if part
        ),
        "authors": ", ".join(note.authors),
        "aliases": ", ".join(note.aliases),
    }
    for name, value in facts.items():
        if value:
            yield f"    {name:8}{value}"
    for passage in passages:
        lines = f"{passage.line_start}-{passage.line_end}"
        role = f" [{passage.role.value}]" if passage.role else ""
        section = " > ".join(passage.section)
        words = passage.search_text.removeprefix(note.title).split()
        shown = " ".join(words[:_SHOWN_WORDS]) + (" …" if len(words) > _SHOWN_WORDS else "")
        yield f"    {lines:>9}  {passage.tokens:3} tokens  {section}{role}"
        yield f"               {shown}"
