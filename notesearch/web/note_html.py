"""Render one note as HTML that is safe to show: what a note holds is data, and never code."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it.token import Token
from markupsafe import Markup

from notesearch.corpus.markdown_lines import plain
from notesearch.index.snapshot import StoredNote
from notesearch.records import Passage, Role
from notesearch.section_roles import roles_of
from notesearch.web.formulas import formula_html
from notesearch.web.inline_html import inline_html, plain_text, unhidden
from notesearch.web.markdown_parser import parse_note
from notesearch.web.note_links import FindAddress, NoteLinks, heading_id
from notesearch.web.note_text import NoteText, join_passages

_SIMPLE = frozenset(
    ("blockquote", "bullet_list", "list_item", "table", "thead", "tbody", "paragraph", "tr")
)
_TASK = re.compile(r"\[([ xX])\][ \t]+")
_TASK_BOXES = (
    Markup('<span class="task" role="img" aria-label="to do">☐</span> '),
    Markup('<span class="task" role="img" aria-label="done">☑</span> '),
)
_LANGUAGE = re.compile(r"[A-Za-z0-9_+#.-]{1,30}")
_ALIGNED = re.compile(r"text-align:(left|center|right)\Z")
_ID = "asked"
# The largest of 4,406 real notes has 261,342 characters. Text that is made to take long, such as
# nothing but brackets, takes 20 µs a character.
_MOST_CHARS = 400_000


@dataclass(frozen=True, slots=True)
class SectionPlace:
    """A heading of a note as it is shown, to jump to."""

    id: str
    heading: str
    level: int  # of the heading's element: 2 to 6
    roles: tuple[Role, ...]


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
    link_to_note: FindAddress,
    image_url: FindAddress,
    file_lines: Sequence[str] = (),
) -> RenderedNote:
    """Return a note as HTML, made of its passages in their order.

    `highlight` are the first and the last line in the file of what gets the class "asked".
    `link_to_note` finds the address of a note's page by its path in the corpus or by a name of it,
    `image_url` that of an image by its path; each gives None where there is none. `file_lines`
    are those of the note's file, where it can be read.
    """
    shown = _within_bounds(passages, highlight)
    text = join_passages(note.path, shown, file_lines)
    tokens = _without_title(parse_note("\n".join(text.lines)), note.title)
    links = NoteLinks(note.path, link_to_note, image_url)
    page = _Page(links, _asked_lines(text, highlight), _shift_of(tokens))
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


class _Page:
    """Writes the blocks of a note, one after the other."""

    def __init__(self, links: NoteLinks, asked: range, shift: int) -> None:
        self.out: list[Markup] = []
        self.sections: list[SectionPlace] = []
        self.shows_asked = False
        self._links = links
        self._asked = asked
        self._shift = shift
        self._ids: dict[str, int] = {}
        self._closing: list[Markup] = []  # of the paragraphs that are open
        self._after_task = False

    def write(self, tokens: Sequence[Token]) -> None:
        """Write all blocks."""
        for at, token in enumerate(tokens):
            self.out += self._token(token, tokens[at + 1 : at + 2])

    def _token(self, token: Token, following: Sequence[Token]) -> Iterator[Markup]:
        kind, _, edge = token.type.rpartition("_")
        if token.type == "inline":
            yield from self._inline(token)
        elif token.type == "heading_open":
            yield self._heading(token, following[0])
        elif token.type == "heading_close":
            yield Markup("</h{}>\n").format(self._level(token))
        elif token.type == "paragraph_open":
            yield self._paragraph(token)
        elif token.type == "paragraph_close":
            yield self._closing.pop() if self._closing else Markup("")
        elif kind in _SIMPLE:
            yield self._open(token) if edge == "open" else Markup(f"</{token.tag}>\n")
        elif kind == "ordered_list":
            yield _list_tag(token) if edge == "open" else Markup("</ol>\n")
        elif kind in ("th", "td"):
            yield _cell_tag(token) if edge == "open" else Markup(f"</{kind}>")
        elif token.type in ("fence", "code_block"):
            yield from self._code(token)
        elif token.type == "formula_block":
            formula = formula_html(unhidden(token.content).strip(), display=True)
            yield Markup("<div{}>{}</div>\n").format(self._mark(token, "formula"), formula)
        elif token.type == "hr":
            yield Markup("<hr>\n")
        elif token.type.startswith("footnote"):
            yield _footnote_tag(token)

    def _inline(self, token: Token) -> Iterator[Markup]:
        children = token.children or []
        first = children[0] if children else None
        is_text = self._after_task and first and first.type == "text"
        if is_text and first and (task := _TASK.match(first.content)):
            first.content = first.content[task.end() :]
            yield _TASK_BOXES[task[1] != " "]
        self._after_task = False
        yield inline_html(children, self._links)

    def _paragraph(self, token: Token) -> Markup:
        if not token.hidden:
            self._closing.append(Markup("</p>\n"))
            return Markup("<p{}>").format(self._mark(token, token.info))
        mark = self._mark(token)
        self._closing.append(Markup("</span>\n") if mark else Markup("\n"))
        return Markup("<span{}>").format(mark) if mark else Markup("")

    def _open(self, token: Token) -> Markup:
        self._after_task = token.type == "list_item_open"
        if token.type == "tr_open":
            return Markup("<tr{}>").format(self._mark(token))
        if token.type == "blockquote_open" and token.info:
            return Markup('<blockquote class="callout" data-kind="{}">\n').format(token.info)
        return Markup(f"<{token.tag}>")

    def _heading(self, token: Token, inline: Token) -> Markup:
        text = plain_text(inline.children or ())
        name = heading_id(text)
        number = self._ids.get(name, 0)
        self._ids[name] = number + 1
        place = f"{name}-{number + 1}" if number else name
        level = self._level(token)
        if text:
            self.sections.append(SectionPlace(place, text, level, roles_of(text)))
        mark = self._mark(token, with_id=False)
        anchor = Markup("")
        if mark and not self.shows_asked:
            self.shows_asked = True
            anchor = Markup('<span id="{}"></span>').format(_ID)
        return Markup('<h{} id="{}"{}>{}').format(level, place, mark, anchor)

    def _level(self, token: Token) -> int:
        return min(int(token.tag[1]) + self._shift, 6)

    def _code(self, token: Token) -> Iterator[Markup]:
        content = unhidden(token.content)
        language = _LANGUAGE.match(token.info.strip().lstrip("{."))
        if language and language[0] == "math":
            formula = formula_html(content.strip(), display=True)
            yield Markup("<div{}>{}</div>\n").format(self._mark(token, "formula"), formula)
            return
        kind = Markup(' class="language-{}"').format(language[0]) if language else Markup("")
        first = (token.map or [0])[0] + (token.type == "fence")
        lines = content.split("\n")
        start = min(max(self._asked.start - first, 0), len(lines))
        end = min(max(self._asked.stop - first, start), len(lines))
        yield Markup("<pre><code{}>{}").format(kind, _ended(lines[:start]))
        if start < end and token.map and self._asked.start < token.map[1]:
            attributes = self._mark(token)
            yield Markup("<span{}>{}</span>").format(attributes, _ended(lines[start:end]))
        else:
            yield Markup("{}").format(_ended(lines[start:end]))
        yield Markup("{}</code></pre>\n").format("\n".join(lines[end:]))

    def _mark(self, token: Token, kind: str = "", *, with_id: bool = True) -> Markup:
        """Return the class of a block, and the id of the first one that was asked for."""
        lines = token.map or (0, 0)
        is_asked = lines[0] < self._asked.stop and self._asked.start < lines[1]
        names = " ".join(filter(None, (kind, "asked" if is_asked else "")))
        if not names:
            return Markup("")
        place = Markup("")
        if is_asked and with_id and not self.shows_asked:
            self.shows_asked = True
            place = Markup(' id="{}"').format(_ID)
        return Markup(' class="{}"{}').format(names, place)


def _ended(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _list_tag(token: Token) -> Markup:
    start = token.attrGet("start")
    if start is None or not str(start).isdigit():
        return Markup("<ol>")
    return Markup('<ol start="{}">').format(int(start))


def _cell_tag(token: Token) -> Markup:
    aligned = _ALIGNED.match(str(token.attrGet("style") or ""))
    if aligned is None:
        return Markup(f"<{token.tag}>")
    return Markup('<{} class="{}">').format(Markup(token.tag), aligned[1])


def _footnote_tag(token: Token) -> Markup:
    number = token.meta["id"] + 1 if "id" in token.meta else 0
    if token.type == "footnote_block_open":
        return Markup('<hr><ol class="footnotes">\n')
    if token.type == "footnote_block_close":
        return Markup("</ol>\n")
    if token.type == "footnote_open":
        return Markup('<li id="fn-{}">').format(number)
    if token.type == "footnote_close":
        return Markup("</li>\n")
    if token.type == "footnote_anchor" and not token.meta.get("subId"):
        return Markup(' <a href="#fnref-{}" aria-label="back to the text">↩</a>').format(number)
    return Markup("")
