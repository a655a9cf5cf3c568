"""Notes as resources: `note://` and the path of a note, which a client lists and attaches."""

from __future__ import annotations

from urllib.parse import quote, unquote

from notesearch.errors import UsageError
from notesearch.index.snapshot import StoredNote
from notesearch.library import Index
from notesearch.mcp.compact_text import MOST_CHARS, plain_line, plain_lines

SCHEME = "note://"
TEMPLATE = f"{SCHEME}{{+path}}"
PAGE = 100  # notes of a list at a time


def address_of(note: StoredNote) -> str:
    """Return the address of a note; a part of a file goes by its id."""
    return f"{SCHEME}{quote(note.note_id, safe='/')}"


def read_note(index: Index, address: str) -> str:
    """Return the text of the note of an address, which names it by its id or path alone.

    UsageError where there is none. What is over the limit of an answer is left out, with a line
    that says so.
    """
    name = unquote(address.removeprefix(SCHEME))
    note, passages = index.show(name)
    if name not in (note.note_id, note.path):
        raise UsageError(
            f"no note has the path {plain_line(name, 200)}; did you mean {address_of(note)}?"
        )
    text = "\n\n".join(plain_lines(passage.text) for passage in passages)
    if len(text) <= MOST_CHARS:
        return text
    rest = f"\n… cut here; the tool read gives the rest of {note.path[:500]}"
    return text[: MOST_CHARS - len(rest)] + rest
