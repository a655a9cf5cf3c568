"""A page in, readable Markdown out: what a browser shows of it, without its tags.

One line of a page may give many (minified pages are one line), and a paragraph keeps the
line breaks of its source, so that every line of text knows its place in the file. What is
never closed is read on as text: no tag can make the rest of a note disappear.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from notesearch.corpus.formats.html_furniture import find_furniture, find_tables
from notesearch.corpus.formats.html_head import read_head
from notesearch.corpus.formats.html_inline import Inline
from notesearch.corpus.formats.html_lines import LineWriter
from notesearch.corpus.formats.html_tables import TableRows
from notesearch.corpus.formats.html_tags import Tag, Text, Token, match_tags, tokenize
from notesearch.corpus.formats.translated import Translated

_BLOCKS = {
    "address", "article", "aside", "body", "caption", "center", "dd", "details", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "html", "main", "nav",
    "p", "section", "summary", "table", "td", "th", "tr", "tbody", "thead", "tfoot", "option",
}  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_WHITE = re.compile(r"\s+")
_LANGUAGE = re.compile(r"(?:language|lang|highlight-source)-([\w+#]+)")
# What would open a block of Markdown, were it the first on its line.
_OPENS_BLOCK = re.compile(r"[-+*>#|=]|\d{1,9}[.)]|```|~~~|\$\$")


def translate_html(lines: Sequence[str]) -> Translated:
    """Turn the lines of a page into lines of Markdown, which are shown as they are."""
    tokens = tokenize("\n".join(lines))
    page = _Page(tokens)
    page.read()
    fields = read_head(tokens, has_h1=page.has_h1)
    shown, numbers = page.writer.lines, page.writer.numbers
    return Translated(shown, list(shown), numbers, fields)


class _Page:
    """One pass over the tokens; blocks go to `writer`, text gathers in `inline` until one ends."""

    def __init__(self, tokens: list[Token]) -> None:
        self.writer = LineWriter()
        self.has_h1 = False
        self._tokens = tokens
        self._matches = match_tags(tokens)
        self._furniture = find_furniture(tokens, self._matches)
        self._table_ends = find_tables(tokens, self._matches)
        self._inline = Inline()
        self._heading = 0  # the level of the one that is open
        self._is_line_over = False  # has the source gone to a new line since the last word?
        self._table: TableRows | None = None
        self._jumps: Mapping[str, Callable[[Tag, int, int], None]] = {
            "pre": self._pre,
            "math": self._math,
        }

    def read(self) -> None:
        """Write the whole page."""
        position = 0
        while position < len(self._tokens):
            token = self._tokens[position]
            if isinstance(token, Text):
                self._text(token)
            elif position in self._furniture:
                self._tex_script(token, position)
                position = self._furniture[position]
            elif token.name in self._jumps and position in self._matches:
                self._jumps[token.name](token, position, self._matches[position])
                position = self._matches[position]
            elif token.name == "table" and position in self._table_ends:
                self._break()
                self._table = TableRows()
            else:
                self._tag(token)
            position += 1
        self._flush()
        self.writer.trim()

    def _tag(self, tag: Tag) -> None:
        name = tag.name
        if name in ("td", "th", "tr", "table") and self._table:
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
        elif name == "div" or name in _BLOCKS:
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
            self._inline.add(_WHITE.sub(" ", text.data), text.line)
            return
        for offset, line in enumerate(text.data.split("\n")):
            self._is_line_over = self._is_line_over or offset > 0
            if line.strip():
                self._break_line(line.lstrip())
            self._inline.add(_WHITE.sub(" ", line), text.line + offset)

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
            self.writer.open_list(name)

    def _quote(self, *, closing: bool) -> None:
        self._break()
        if closing:
            self.writer.close("blockquote")
            self.writer.blank()
        else:
            self.writer.open_quote()

    def _table_tag(self, tag: Tag, table: TableRows) -> None:
        """End the cell or row that is open; what stands outside of cells is a line before."""
        line, text = self._inline.take()
        if not table.end_cell(text, line) and text:
            self.writer.write(text, line)
            self.writer.blank()
        if tag.name in ("tr", "table"):
            for row in table.end_row():
                self.writer.write(row, table.line)
        elif not tag.closing:
            table.begin_cell()
        if tag.name == "table":
            self._table = None
            self._break()

    def _pre(self, tag: Tag, start: int, end: int) -> None:
        """Write a fence with the text as it stands."""
        self._break()
        language = _LANGUAGE.search(tag.attributes.get("class", ""))
        parts: list[str] = []
        for token in self._tokens[start + 1 : end]:
            if isinstance(token, Text):
                parts.append(token.data)
            elif token.name == "br":
                parts.append("\n")
            elif token.name == "code":
                language = language or _LANGUAGE.search(token.attributes.get("class", ""))
        text = "".join(parts)
        body = text.removeprefix("\n").rstrip().split("\n")
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
        number = tag.line + text.startswith("\n")
        last = self._tokens[end].line
        self.writer.write(fence + (language[1] if language else ""), tag.line)
        for offset, line in enumerate(body):
            self.writer.write(line.replace("\t", "    "), min(number + offset, last))
        self.writer.write(fence, last)
        self.writer.blank()

    def _math(self, tag: Tag, start: int, end: int) -> None:
        """Write a formula as the TeX that it was made from, or else as its signs."""
        tex: list[str] = []
        signs: list[str] = []
        in_tex = False
        for token in self._tokens[start + 1 : end]:
            if isinstance(token, Tag):
                if token.name == "annotation":
                    encoding = token.attributes.get("encoding", "").lower()
                    in_tex = not token.closing and "tex" in encoding
            else:
                (tex if in_tex else signs).append(token.data)
        if tex:
            self._formula("".join(tex), tag.line, display=tag.attributes.get("display") == "block")
        else:
            self._inline.add(_WHITE.sub(" ", " ".join(signs)), tag.line)

    def _tex_script(self, tag: Tag, position: int) -> None:
        """Write the formula of a `<script type="math/tex">`."""
        following = self._tokens[position + 1]
        kind = tag.attributes.get("type", "").lower()
        if kind.startswith("math/tex") and isinstance(following, Text):
            self._formula(following.data, tag.line, display="display" in kind)

    def _formula(self, tex: str, line: int, *, display: bool) -> None:
        tex = _WHITE.sub(" ", tex).strip()
        if not display or self._table or self._heading or self._inline.in_span():
            self._inline.add(f"${tex}$", line)
            return
        self._break()
        self._inline.add(f"$$ {tex} $$", line)
        self._break()
