"""Render one note as HTML that is safe to show: what a note holds is data, and never code."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.token import Token
from markupsafe import Markup

from notesearch.corpus.markdown_lines import plain
from notesearch.index.snapshot import StoredNote
from notesearch.records import Passage
from notesearch.web.note.block_html import Blocks, SectionPlace
from notesearch.web.note.inline_html import unhidden
from notesearch.web.note.markdown_parser import parse_note
from notesearch.web.note.note_links import FindImage, FindNote, LinkWriter
from notesearch.web.note.note_text import NoteText, join_passages

# The largest of 4,406 real notes has 261,342 characters, and takes 0.4 s. Text that is made to take
# long, such as nothing but brackets, takes up to 43 µs a character.
_MOST_CHARS = 300_000


@dataclass(frozen=True, slots=True)
class RenderedNote:
    """A note as HTML."""

    html: Markup
    sections: tuple[SectionPlace, ...]
    shows_asked: bool  # is there an element with the id "asked", to scroll to?


def render_note(
    note: StoredNote,
    passages: Sequence[Passage],
    *,
    highlight: tuple[int, int] | None = None,
    link_to_note: FindNote,
    image_url: FindImage,
    file_lines: Sequence[str] = (),
) -> RenderedNote:
    """Return a note as HTML, made of its passages in their order.

    `highlight` are the first and the last line in the file of what gets the class "asked".
    `link_to_note` finds the address of a note's page by the target of a link as it is written,
    `image_url` that of an image by its path; each gives None where there is none. `file_lines`
    are those of the note's file, where it can be read.
    """
    shown = _within_bounds(passages, highlight)
    text = join_passages(note.path, shown, file_lines)
    tokens = _without_title(parse_note("\n".join(text.lines)), note.title)
    links = LinkWriter(note.path, link_to_note, image_url)
    page = Blocks(links, _asked_lines(text, highlight), _shift_of(tokens))
    if len(shown) < len(passages):
        page.out.append(_only_lines(shown))
    page.write(tokens)
    return RenderedNote(Markup("").join(page.out), tuple(page.sections), page.shows_asked)


def _within_bounds(
    passages: Sequence[Passage], highlight: tuple[int, int] | None
) -> Sequence[Passage]:
    """Return those passages of a note that one page can hold, with what is asked for."""
    if sum(len(passage.text) for passage in passages) <= _MOST_CHARS:
        return passages
    asked = highlight[0] if highlight else 0
    first = next((at for at, passage in enumerate(passages) if passage.line_end >= asked), 0)
    start, end, room = first, first, _MOST_CHARS
    while end < len(passages) and (room := room - len(passages[end].text)) > 0:
        end += 1
    while start and (room := room - len(passages[start - 1].text)) > 0:
        start -= 1
    return passages[start : max(end, start + 1)]


def _only_lines(shown: Sequence[Passage]) -> Markup:
    words = "This note is too long for one page: here are lines {:,} to {:,} of it."
    lines = words.format(shown[0].line_start, shown[-1].line_end)
    return Markup('<p class="cut">{}</p>\n').format(lines)


def _asked_lines(text: NoteText, highlight: tuple[int, int] | None) -> range:
    """Return which lines of the Markdown are asked for."""
    if highlight is None:
        return range(0)
    start, end = highlight
    return range(bisect_left(text.numbers, start), bisect_right(text.numbers, end))


def _without_title(tokens: list[Token], title: str) -> list[Token]:
    """Leave out a first heading that is the note's title, which the page shows.

    One with a link in it becomes a paragraph.
    """
    if len(tokens) < 3 or tokens[0].type != "heading_open":
        return tokens
    content = unhidden(tokens[1].content)
    if plain(content).casefold() != plain(title).casefold():
        return tokens
    if "](" not in content and "[[" not in content:
        return tokens[3:]
    opened, closed = Token("paragraph_open", "p", 1), Token("paragraph_close", "p", -1)
    opened.map = tokens[0].map
    return [opened, tokens[1], closed, *tokens[3:]]


def _shift_of(tokens: Sequence[Token]) -> int:
    """Return what to add to the levels of the headings, so that the uppermost is the second."""
    levels = [int(token.tag[1]) for token in tokens if token.type == "heading_open"]
    return 2 - min(levels, default=2)
