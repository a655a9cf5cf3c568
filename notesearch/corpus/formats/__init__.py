"""Lines of another markup in, lines of Markdown out, so that one Markdown reader serves all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from notesearch.corpus.formats.html import translate_html
from notesearch.corpus.formats.org import translate_org
from notesearch.corpus.formats.rst import translate_rst
from notesearch.corpus.formats.translated import Translated

__all__ = ["TRANSLATORS", "Translated"]

TRANSLATORS: Mapping[str, Callable[[Sequence[str]], Translated]] = {
    ".org": translate_org,
    ".rst": translate_rst,
    ".html": translate_html,
    ".htm": translate_html,
}
