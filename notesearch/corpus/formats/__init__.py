"""Translate other formats into Markdown, so that one Markdown reader serves all notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from notesearch.corpus.formats.html import translate_html
from notesearch.corpus.formats.org import translate_org
from notesearch.corpus.formats.rst import translate_rst
from notesearch.corpus.formats.translated import Translated

__all__ = ["TRANSLATORS", "Translated"]

# Each takes the lines of a file; a new format is one module and one line of this table.
TRANSLATORS: Mapping[str, Callable[[Sequence[str]], Translated]] = {
    ".org": translate_org,
    ".rst": translate_rst,
    ".html": translate_html,
    ".htm": translate_html,
}
