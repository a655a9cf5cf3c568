"""Translate a page into readable Markdown: the text that a browser shows, without tags.

One line of a page may become many (minified pages are one line), and a paragraph keeps the
line breaks of its source, so that the line in the file is known for every line of text. An
element that is never closed is read as text: no tag can make the rest of a note disappear.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from notesearch.corpus.formats import LineWriter, Translated, fence_around
from notesearch.corpus.formats.html_tags import (
    WHITE,
    Tag,
    Text,
    Token,
    find_hidden,
    find_tables,
    read_head,
    tokenize,
)

_BLOCKS = {
    "address", "article", "aside", "body", "caption", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "html", "main", "nav",
    "p", "section", "summary", "table", "td", "th", "tr", "tbody", "thead", "tfoot", "option",
}  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LANGUAGE = re.compile(r"(?:language|lang|highlight-source)-([\w+#]+)")
# Text that opens a block of Markdown at the beginning of a line.
_OPENS_BLOCK = re.compile(r"[-+*>#|=]|\d{1,9}[.)]|```|~~~|\$\$")

_SPACES = re.compile(r" {2,}")
_MARKS = {
    "a": "a", "b": "strong", "strong": "strong",
    "code": "code", "kbd": "code", "samp": "code", "tt": "code",
}  # fmt: skip
_RAISED = {"sup": "^", "sub": "_"}
_SPACED = {"label", "textarea", "xmp", "ruby", "rt"}
_LABEL = "selected-value"  # Notion's tags, which only its style sheet sets apart
_URL_ESCAPES = str.maketrans({" ": "%20", "(": "%28", ")": "%29", "<": "%3C", ">": "%3E"})


def translate_html(lines: Sequence[str]) -> Translated:
    """Turn the lines of a page into lines of Markdown, which are shown as they are."""
    page = _Page("\n".join(lines))
    page.translate()
    fields = read_head(page.tokens, has_h1=page.has_h1)
    return Translated(page.writer.lines, list(page.writer.lines), page.writer.numbers, fields)


class _Page:
    """One pass over the tokens; blocks go to `writer`, text gathers in `inline` until one ends."""

    def __init__(self, page: str) -> None:
        self.tokens = tokenize(page)
        self.writer = LineWriter()
        self.has_h1 = False
        self._hidden = find_hidden(self.tokens)
        self._tables = find_tables(self.tokens)
        self._inline = _Inline()
        self._heading = 0  # the level of the one that is open
        self._is_line_over = False  # has the source gone to a new line since the last word?
        self._table: _TableRows | None = None

    def translate(self) -> None:
        """Write the whole page."""
        position = 0
        while position < len(self.tokens):
            token = self.tokens[position]
            if isinstance(token, Text):
                self._text(token)
            elif token.end and (position in self._hidden or token.name in ("pre", "math")):
                inner = self.tokens[position + 1 : token.end]
                if position in self._hidden:
                    self._tex_script(token, inner)
                elif token.name == "pre":
                    self._pre(token, inner, self.tokens[token.end].line)
                else:
                    self._math(token, inner)
                position = token.end
            elif position in self._tables:
                self._break()
                self._table = _TableRows()
            else:
                self._tag(token)
            position += 1
        self._flush()
        self.writer.trim()

    def _tag(self, tag: Tag) -> None:
        name = tag.name
        if self._table and name in ("td", "th", "tr", "table"):
            self._table_tag(tag, self._table)
        elif name in _HEADINGS:
            self._break()
            self._heading = 0 if tag.closing else _HEADINGS[name]
        elif name in ("ul", "ol", "menu"):
            self._list("ol" if name == "ol" else "ul", closing=tag.closing)
        elif name == "li":
            self._flush()
            self.writer.close("li") if tag.closing else self.writer.open_item()
        elif name == "blockquote":
            self._quote(closing=tag.closing)
        elif name == "br" or (name == "div" and self.writer.in_item()):
            self._flush()
        elif name in _BLOCKS:
            self._break()
        elif name == "hr":
            self._break()
            self.writer.write("---", tag.line)
            self.writer.blank()
        elif name != "input" or self.writer.in_item():  # elsewhere a box is no task
            if self._inline.opens_span(tag):
                self._break_line("")
            self._inline.tag(tag)

    def _text(self, text: Text) -> None:
        """Add text, with the line breaks of its source where they change nothing."""
        if self._heading or self._table or self._inline.in_span():
            self._inline.add(WHITE.sub(" ", text.data), text.line)
            return
        for offset, line in enumerate(text.data.split("\n")):
            self._is_line_over = self._is_line_over or offset > 0
            if line.strip():
                self._break_line(line.lstrip())
            self._inline.add(WHITE.sub(" ", line), text.line + offset)

    def _break_line(self, following: str) -> None:
        """Go to a new line where the source has one, unless it would begin a block."""
        may_break = not self._heading and not self._table and self._inline.has_words()
        if self._is_line_over and may_break:
            if _OPENS_BLOCK.match(following):
                self._inline.add(" ", 0)
            else:
                self._flush()
        self._is_line_over = False

    def _flush(self) -> None:
        """Write the text gathered so far as a line; in a table it stays in its cell."""
        self._is_line_over = False
        if self._table:
            self._inline.add(" ", 0)
            return
        line, text = self._inline.take()
        if not text:
            return
        if self._heading:
            self.has_h1 = self.has_h1 or self._heading == 1
            text = f"{'#' * self._heading} {text}"
            self._heading = 0
        elif text.startswith("#") and text.lstrip("#")[:1].isspace():
            text = f"\\{text}"
        self.writer.write(text, line)

    def _break(self) -> None:
        """End a block."""
        self._flush()
        if not self._table and not self.writer.is_fresh():
            self.writer.blank()

    def _list(self, name: str, *, closing: bool) -> None:
        self._flush()
        if closing:
            self.writer.close(name)
        if not self.writer.in_item():
            self.writer.blank()
        if not closing:
            self.writer.open(name, "", items=0 if name == "ol" else None)

    def _quote(self, *, closing: bool) -> None:
        self._break()
        if closing:
            self.writer.close("blockquote")
            self.writer.blank()
        else:
            self.writer.open("blockquote", "> ", "> ")

    def _table_tag(self, tag: Tag, table: _TableRows) -> None:
        """End the cell or row that is open; text outside of cells becomes a line before it."""
        line, text = self._inline.take()
        if not table.end_cell(text, line) and text:
            self.writer.write(text, line)
            self.writer.blank()
        if tag.name in ("tr", "table"):
            for row in table.end_row():
                self.writer.write(row, table.line)
        elif not tag.closing:
            table.in_cell = True
        if tag.name == "table":
            self._table = None
            self._break()

    def _pre(self, tag: Tag, inner: Sequence[Token], last: int) -> None:
        """Write a fence with the text as it stands."""
        self._break()
        language = _LANGUAGE.search(tag.attributes.get("class", ""))
        text = ""
        for token in inner:
            if isinstance(token, Text):
                text += token.data
            elif token.name == "br":
                text += "\n"
            elif token.name == "code":
                language = language or _LANGUAGE.search(token.attributes.get("class", ""))
        fence = fence_around(text)
        first = tag.line + text.startswith("\n")
        self.writer.write(fence + (language[1] if language else ""), tag.line)
        for number, line in enumerate(text.removeprefix("\n").rstrip().split("\n"), first):
            self.writer.write(line.replace("\t", "    "), min(number, last))
        self.writer.write(fence, last)
        self.writer.blank()

    def _math(self, tag: Tag, inner: Sequence[Token]) -> None:
        """Write a formula as the TeX that it was made from, or else as its signs."""
        tex = signs = ""
        in_tex = False
        for token in inner:
            if isinstance(token, Text) and in_tex:
                tex += token.data
            elif isinstance(token, Text):
                signs += f" {token.data}"
            elif token.name == "annotation":
                encoding = token.attributes.get("encoding", "").lower()
                in_tex = not token.closing and "tex" in encoding
        if tex:
            self._formula(tex, tag.line, display=tag.attributes.get("display") == "block")
        else:
            self._inline.add(WHITE.sub(" ", signs.removeprefix(" ")), tag.line)

    def _tex_script(self, tag: Tag, inner: Sequence[Token]) -> None:
        """Write the formula of a `<script type="math/tex">`."""
        kind = tag.attributes.get("type", "").lower()
        if kind.startswith("math/tex") and inner and isinstance(inner[0], Text):
            self._formula(inner[0].data, tag.line, display="display" in kind)

    def _formula(self, tex: str, line: int, *, display: bool) -> None:
        tex = WHITE.sub(" ", tex).strip()
        if not display or self._table or self._heading or self._inline.in_span():
            self._inline.add(f"${tex}$", line)
            return
        self._break()
        self._inline.add(f"$$ {tex} $$", line)
        self._break()


@dataclass(frozen=True, slots=True)
class _Span:
    """An inline element that is open, and the index of its first part."""

    kind: str  # "a", "strong" or "code", each open once at most
    start: int
    url: str = ""


class _Inline:
    """The parts of the line that is being gathered."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._spans: list[_Span] = []
        self._line = 0  # of the page, where the first word stands

    def add(self, text: str, line: int) -> None:
        """Add text in which no line breaks are left."""
        if not self._line and text.strip():
            self._line = line
        if text:
            self._parts.append(text)

    def has_words(self) -> bool:
        """Check for more than white space."""
        return self._line > 0

    def in_span(self) -> bool:
        """Check whether a link or mark is open, which has to stay on one line."""
        return bool(self._spans)

    def opens_span(self, tag: Tag) -> bool:
        """Check whether a tag opens the outermost of links and marks."""
        return not self._spans and not tag.closing and bool(_mark_of(tag))

    def tag(self, tag: Tag) -> None:
        """Open or close a mark, or add the text that stands for a tag."""
        attributes = tag.attributes
        if kind := _mark_of(tag):
            is_open = any(span.kind == kind for span in self._spans)
            if is_open and tag.closing:
                self._close(kind)
            elif not is_open and not tag.closing:
                url = attributes.get("href", "").replace("\n", "").strip()
                self._spans.append(_Span(kind, len(self._parts), url))
        elif tag.name in _RAISED:
            if not tag.closing and self._parts and self._parts[-1][-1:].isalnum():
                self.add(_RAISED[tag.name], tag.line)
        elif tag.name == "img":
            if "mwe-math" not in attributes.get("class", ""):
                self.add(f" {' '.join(attributes.get('alt', '').split())} ", tag.line)
        elif tag.name == "input":
            if attributes.get("type", "").lower() == "checkbox":
                self.add("[x] " if "checked" in attributes else "[ ] ", tag.line)
        elif tag.name in _SPACED:
            self.add(" ", tag.line)
        elif _LABEL in attributes.get("class", "") and self.has_words():
            self.add(", ", tag.line)

    def take(self) -> tuple[int, str]:
        """Return the line's number and text, and begin the next one."""
        while self._spans:
            self._wrap(self._spans.pop())
        text = _SPACES.sub(" ", "".join(self._parts)).strip()
        line = self._line
        self._parts, self._line = [], 0
        return line, text

    def _close(self, kind: str) -> None:
        """Close the innermost span of a kind, and those opened inside of it."""
        while self._spans:
            span = self._spans.pop()
            self._wrap(span)
            if span.kind == kind:
                break

    def _wrap(self, span: _Span) -> None:
        """Put the marks of a span around its words, white space outside of them."""
        inner = "".join(self._parts[span.start :])
        if words := inner.strip():
            before, _, after = inner.partition(words)
            self._parts[span.start :] = [before, _marked(span, words), after]


def _mark_of(tag: Tag) -> str:
    """Return which mark a tag opens or closes, or nothing; an anchor counts as a link to a page."""
    href = tag.attributes.get("href", "").strip().lower()
    if tag.name == "a" and not tag.closing and not href.startswith(("http://", "https://")):
        return ""
    return _MARKS.get(tag.name, "")


def _marked(span: _Span, words: str) -> str:
    if span.kind == "a":
        return words if words == span.url else f"[{words}]({span.url.translate(_URL_ESCAPES)})"
    if span.kind == "strong":
        return f"**{words}**"
    return f"`` {words} ``" if "`" in words else f"`{words}`"


class _TableRows:
    """The row of a table that is being read; the first row is the header."""

    def __init__(self) -> None:
        self.line = 0  # of the page, where the row's first text stands
        self.in_cell = False
        self._cells: list[str] = []
        self._is_first = True

    def end_cell(self, text: str, line: int) -> bool:
        """Close the cell that is open and keep its text; return whether there was one."""
        if not self.in_cell:
            return False
        if text and not any(self._cells):
            self.line = line
        self._cells.append(text.replace("|", r"\|"))
        self.in_cell = False
        return True

    def end_row(self) -> list[str]:
        """Return the row, with the rule below the header; nothing for a row without text."""
        cells, self._cells = self._cells, []
        if not any(cells):
            return []
        rows = [f"| {' | '.join(cells)} |"]
        if self._is_first:
            rows.append("|" + "---|" * len(cells))
            self._is_first = False
        return rows
