"""Notes as the page shows them: read, cut and written by the real parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from notesearch.corpus.chunker import chunk_note
from notesearch.corpus.reader import read_notes
from notesearch.index.snapshot import StoredNote
from notesearch.records import LinkKind, Note, Passage, facts_of
from notesearch.web.note.note_html import RenderedNote, render_note

NOTES = {"b.md": "/note/b", "/notes/b.md": "/note/b", "B note": "/note/b"}
IMAGES = {"notes/plot.png": "/files/notes/plot.png", "assets/x y.png": "/files/assets/x%20y.png"}


def link_to_note(kind: LinkKind, target: str) -> str | None:
    return NOTES.get(target.partition("#")[0].removeprefix("./"))


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) for text in texts]


def read(text: str, path: str = "notes/a.md", *, words: int = 60) -> tuple[Note, list[Passage]]:
    """Return the first note of a file, and its passages of so many words at most."""
    note = read_notes(path, text.encode()).notes[0]
    return note, chunk_note(note, max_tokens=words, count=count_words)


def stored(note: Note) -> StoredNote:
    return StoredNote(
        note_id=note.id,
        path=note.path,
        title=note.title,
        kind=note.kind,
        line_start=note.line_start,
        line_end=note.line_end,
        **facts_of(note),
    )


def show(text: str, path: str = "notes/a.md", *, words: int = 60, **options: Any) -> RenderedNote:
    """Render the first note of a file, with a note and two images beside it."""
    note, passages = read(text, path, words=words)
    usual = {
        "link_to_note": link_to_note,
        "image_url": IMAGES.get,
        "file_lines": text.split("\n"),
    }
    return render_note(stored(note), passages, **{**usual, **options})
