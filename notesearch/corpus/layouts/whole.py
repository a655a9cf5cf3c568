"""One file, one note: most Markdown, org and text files."""

from __future__ import annotations

from notesearch.corpus.document import Document
from notesearch.corpus.layouts.note_parts import Part
from notesearch.records import NoteKind


def keep_whole(document: Document, *, asked: bool = False) -> list[Part]:
    """Take a document as one note, whatever else it might be."""
    return [Part(range(len(document.lines)), NoteKind.NOTE)]
