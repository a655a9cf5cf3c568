"""Lines of reStructuredText in, Markdown lines out, one for one.

Lines are shown as the file has them; only the fields of the head are left out, since they
are read as fields. Directives are told apart by what their body is: code, a formula, text
or nothing for a reader.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from notesearch.corpus.formats.nesting import ListNesting
from notesearch.corpus.formats.rst_fields import DocInfo, read_docinfo
from notesearch.corpus.formats.rst_sections import find_sections
from notesearch.corpus.formats.translated import Translated, indent_of, without_head

_DIRECTIVE = re.compile(r"\.\. (?:\|[^|]+\| )?([\w:+.-]*\w)::(?:\s+(.*))?")
_TARGET = re.compile(r"\.\. _(?:`([^`]+)`|([^:]+)):(?:\s+(.*))?")
_FOOTNOTE = re.compile(r"\.\. \[([#*]?[\w.:+-]*)\]\s*(.*)")
_OPTION = re.compile(r":([\w -]+):(?:\s+(.*))?")
_ITEM = re.compile(r"([-*+•‣⁃]|#\.|\(?(?:\d{1,9}|#)[.)])(?:\s+(.*))?")
_MATH = re.compile(r":math:`([^`]+)`")
_LINK = re.compile(r"`([^`<>]+)<((?:https?|ftp)://[^`<>\s]+)>`_{0,2}")
_GRID_BORDER = re.compile(r"\+(?:[-=]+\+)+")
_SIMPLE_BORDER = re.compile(r"[=-]+(?: +[=-]+)+")

_CODE = {"code-block", "code", "sourcecode", "parsed-literal", "literalinclude", "prompt", "raw"}
_WORDS = {"alt", "caption", "header"}  # options that hold text
_NAMED = {"rubric", "admonition", "topic", "sidebar", "table", "list-table", "csv-table"}
# Their argument is a path or the name of a style, no words.
_UNNAMED = {
    "image", "figure", "container", "class", "only", "highlight", "include", "code-block", "code",
    "sourcecode", "literalinclude", "raw", "role", "default-role", "cssclass", "tabs", "grid",
}  # fmt: skip
_NOTHING = {
    "toctree", "index", "contents", "meta", "role", "default-role", "bibliography", "sectnum",
    "currentmodule", "highlight", "include", "default-domain", "tableofcontents",
}  # fmt: skip


class _Body(Enum):
    """What the indented lines below a directive are."""

    TEXT = "text"
    CODE = "code"
    MATH = "math"
    NOTHING = "nothing"


def translate_rst(lines: Sequence[str]) -> Translated:
    """Turn lines of reStructuredText into Markdown."""
    return _Rst(lines, read_docinfo(lines)).translate()


class _Rst:
    """One pass over the lines; `markup` fills line by line, None for a line of the head."""

    def __init__(self, lines: Sequence[str], head: DocInfo) -> None:
        self._lines = lines
        self._head = head
        self._sections = find_sections(lines, head.numbers)
        self._markup: list[str | None] = []
        self._lists = ListNesting()
        self._literal_below: int | None = None  # indentation of a paragraph that ended with `::`

    def translate(self) -> Translated:
        while (number := len(self._markup)) < len(self._lines):
            if number in self._head.numbers:
                self._markup.append(None)
            elif number in self._sections:
                self._lists.clear()
                self._markup.append(self._sections[number])
            else:
                self._line(number, self._lines[number], self._lines[number].strip())
        return without_head(self._lines, self._markup, self._head.fields)

    def _line(self, number: int, line: str, text: str) -> None:
        """Translate one line, or a whole body that is no text."""
        indent = indent_of(line)
        if not text:
            self._markup.append("")
        elif self._opens_literal(number, indent):
            self._code(self._body_end(number, indent - 1), indent)
        elif text == ".." or text.startswith(".. "):
            self._explicit(number, indent, text)
        elif text.startswith("__ "):
            self._markup.append(f"<{text[3:].strip()}>")
        else:
            self._text(indent, text)

    def _opens_literal(self, number: int, indent: int) -> bool:
        """Tell whether the first line after a paragraph with `::` is a literal block."""
        above, self._literal_below = self._literal_below, None
        return above is not None and indent > above and not self._lines[number - 1].strip()

    def _body_end(self, number: int, indent: int) -> int:
        """Find where the lines from `number` on, further right than `indent`, end; exclusive."""
        end = number
        for n in range(number, len(self._lines)):
            if self._lines[n].strip():
                if indent_of(self._lines[n]) <= indent:
                    break
                end = n + 1
        return end

    def _code(self, end: int, indent: int) -> None:
        """Indent the lines up to `end` as Markdown's code; the first line's margin is theirs."""
        margin = self._lists.place(indent)
        for line in self._lines[len(self._markup) : end]:
            inner = " " * max(indent_of(line) - indent, 0)
            self._markup.append(f"{margin}    {inner}{line.strip()}".rstrip())

    def _explicit(self, number: int, indent: int, text: str) -> None:
        """Translate what opens with `..`: directives, targets, footnotes, comments."""
        if match := _DIRECTIVE.fullmatch(text):
            self._directive(number, indent, match[1].lower(), (match[2] or "").strip())
        elif match := _TARGET.fullmatch(text):
            name, url = (match[1] or match[2]).strip("_ "), (match[3] or "").strip()
            is_link = "://" in url
            self._markup.append((f"[{name}]: {url}" if name else f"<{url}>") if is_link else "")
        elif match := _FOOTNOTE.fullmatch(text):
            label = match[1] if match[1].strip("#*") else "note"
            mark = f"[^{label}]:" if match[1][:1] in "#*" or label.isdecimal() else f"[{label}]"
            self._markup.append(f"{mark} {_inline(match[2])}".rstrip())
        else:
            following = self._lines[number + 1] if number + 1 < len(self._lines) else ""
            alone = text == ".." and not following.strip()
            self._markup.append("")
            if not alone:
                self._blank(self._body_end(number + 1, indent))

    def _blank(self, end: int) -> None:
        self._markup += [""] * (end - len(self._markup))

    def _directive(self, number: int, indent: int, name: str, argument: str) -> None:
        name = name.rpartition(":")[2]
        kind = _body_kind(name)
        margin = self._lists.place(indent)
        if kind is _Body.MATH:
            self._formula(number, indent, margin, argument)
            return
        title = "" if name in _UNNAMED or kind is _Body.NOTHING else _inline(argument)
        self._markup.append(f"{margin}**{title}**" if title and name in _NAMED else margin + title)
        self._markup[-1] = (self._markup[-1] or "").rstrip()
        if kind is _Body.NOTHING:
            self._blank(self._body_end(number + 1, indent))
            return
        self._options(indent, margin)
        if kind is _Body.CODE:
            self._body_of_code(indent)

    def _options(self, indent: int, margin: str) -> None:
        """Blank the `:name: value` lines of a directive, but for those that hold text."""
        while (number := len(self._markup)) < len(self._lines):
            line = self._lines[number]
            match = _OPTION.fullmatch(line.strip())
            if match is None or indent_of(line) <= indent:
                break
            words = match[2] if match[1] in _WORDS else None
            self._markup.append(f"{margin}{_inline(words)}" if words else "")

    def _body_of_code(self, indent: int) -> None:
        start = len(self._markup)
        while start < len(self._lines) and not self._lines[start].strip():
            start += 1
        if start < len(self._lines) and indent_of(self._lines[start]) > indent:
            self._blank(start)
            self._code(self._body_end(start, indent), indent_of(self._lines[start]))

    def _formula(self, number: int, indent: int, margin: str, argument: str) -> None:
        """Put the argument and the body between dollars, on their own lines."""
        self._markup.append(f"{margin}$$ {argument}".rstrip())
        self._options(indent, margin)
        end = self._body_end(number + 1, indent)
        for line in self._lines[len(self._markup) : end]:
            self._markup.append(f"{margin}{line.strip()}".rstrip())
        self._markup[-1] = f"{self._markup[-1]} $$"

    def _text(self, indent: int, text: str) -> None:
        """Translate what is left: borders, items, line blocks and prose."""
        if _GRID_BORDER.fullmatch(text) or _SIMPLE_BORDER.fullmatch(text) or _is_rule(text):
            self._lists.place(indent)
            self._markup.append("")
            return
        text = self._without_colons(indent, text)
        match = _ITEM.fullmatch(text)
        if match:
            bullet = _bullet(match[1])
            if self._literal_below is not None:
                self._literal_below += len(match[1]) + 1  # a body stands right of the item's text
            margin = self._lists.place_item(indent, bullet)
            self._markup.append(f"{margin}{bullet} {_inline(match[2] or '')}".rstrip())
            return
        if text == "|" or (text.startswith("| ") and not text.endswith("|")):
            text = text[2:]
        elif text.startswith(">>> "):
            text = f"    {text}"  # else Markdown reads three quotes
        self._markup.append((self._lists.place(indent) + _inline(text)).rstrip())

    def _without_colons(self, indent: int, text: str) -> str:
        """Take the `::` from the end of a paragraph; a literal block may follow it."""
        if not text.endswith("::"):
            return text
        self._literal_below = indent
        return text[:-2].rstrip() if text == "::" or text[-3].isspace() else text[:-1]


def _body_kind(name: str) -> _Body:
    if name == "math":
        return _Body.MATH
    if name in _NOTHING or name.startswith("auto"):
        return _Body.NOTHING
    return _Body.CODE if name in _CODE else _Body.TEXT


def _is_rule(text: str) -> bool:
    """Tell a line of one sign; below text Markdown would make a heading of it."""
    return len(text) > 1 and text[0] in '=-~^"#*+`' and not text.strip(text[0])


def _bullet(bullet: str) -> str:
    """Give the bullet that Markdown knows."""
    if bullet[-1] in ".)":
        return bullet.lstrip("(").replace("#", "1")
    return bullet if bullet in "-*+" else "-"


def _inline(text: str) -> str:
    """Translate formulas and links; other roles are left for the reader of the words."""
    if "`" not in text:
        return text
    text = _MATH.sub(lambda match: f"${match[1]}$", text)
    return _LINK.sub(lambda match: f"[{match[1].strip()}]({match[2]})", text)
