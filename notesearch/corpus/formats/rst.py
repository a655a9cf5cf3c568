"""Translate reStructuredText into Markdown, line for line.

Lines are shown as the file has them; only the fields of the head are left out, since they
are read as fields. The name of a directive decides how its body is read: as code, as a
formula, as text or not at all.
"""

# docutils 0.23 was tried. It does not know the directives and roles of Sphinx (2,668 errors in
# 636 real pages), takes away the backslashes of formulas between dollars, raises RecursionError
# on 300 nested lists, and needs 1.7 CPU seconds a MB, 83 where each paragraph ends with `::`.
# This module needs 0.05.

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from notesearch.corpus.formats import LineTranslator, Translated, indent_of

_DIRECTIVE = re.compile(r"\.\. (?:\|[^|]+\| )?([\w:+.-]*\w)::(?:\s+(.*))?")
_TARGET = re.compile(r"\.\. _(?:`([^`]+)`|([^:]+)):(?:\s+(.*))?")
_FOOTNOTE = re.compile(r"\.\. \[([#*]?[\w.:+-]*)\]\s*(.*)")
_OPTION = re.compile(r":([\w -]+):(?:\s+(.*))?")
_ITEM = re.compile(r"([-*+•‣⁃]|#\.|\(?(?:\d{1,9}|#)[.)])(?:\s+(.*))?")
_MATH = re.compile(r":math:`([^`]+)`")
_LINK = re.compile(
    r"`([^`<>]+)<((?:https?|ftp)://[^`<>\s]+|[^`<>\s:]+\.(?:rst|md|org|txt)(?:#[^`<>\s]*)?)>`_{0,2}"
)
_GRID_BORDER = re.compile(r"\+(?:[-=]+\+)+")
_SIMPLE_BORDER = re.compile(r"[=-]+(?: +[=-]+)+")
_SIGNS = set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")  # that may underline a title
_UNDERLINES = set('=-~^"#*+`')  # that do, and below text Markdown would make a heading of it
_DEEPEST = 6

_CODE = {"code-block", "code", "sourcecode", "parsed-literal", "literalinclude", "prompt", "raw"}
_WORDS = {"alt", "caption", "header"}  # options that hold text
_NAMED = {"rubric", "admonition", "topic", "sidebar", "table", "list-table", "csv-table"}
# Their argument is a path or the name of a style, no words.
_UNNAMED = {
    "image", "figure", "container", "class", "only", "highlight", "include", "code-block", "code",
    "sourcecode", "literalinclude", "raw", "role", "default-role", "cssclass", "tabs", "grid",
}  # fmt: skip
_WITHOUT_TEXT = {
    "toctree", "index", "contents", "meta", "role", "default-role", "bibliography", "sectnum",
    "currentmodule", "highlight", "include", "default-domain", "tableofcontents",
}  # fmt: skip

_FIELD = re.compile(r":([^\s:](?:[^:]{0,60}[^\s:])?):(?:\s+(.*))?")
_COMMENT_FIELD = re.compile(r"\.\. ([a-z][\w-]{0,30}): (.*)")
_EXPLICIT = re.compile(r"\.\.(?:\s|$)")
_META = re.compile(r"\.\.\s+meta::\s*")
_TEXT_FIELDS = {"abstract", "summary", "dedication"}  # they are shown too


def translate_rst(lines: Sequence[str]) -> Translated:
    """Turn lines of reStructuredText into Markdown."""
    return _Rst(lines).translate()


class _Rst(LineTranslator):
    """One pass over the lines."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(lines)
        self._titles = _translate_titles(lines)
        self._head = _Head(lines, self._titles)
        self._literal_below: int | None = None  # indentation of a paragraph that ended with `::`

    def translate(self) -> Translated:
        while (number := len(self.markup)) < len(self.lines):
            if number in self._head.numbers:
                self.markup.append(None)
            elif number in self._titles:
                self.end_lists()
                self.markup.append(self._titles[number])
            else:
                self._line(number, self.lines[number], self.lines[number].strip())
        return self.result(self._head.fields)

    def _line(self, number: int, line: str, text: str) -> None:
        """Translate one line, or a whole body that is no text."""
        indent = indent_of(line)
        if not text:
            self.markup.append("")
        elif self._opens_literal(number, indent):
            self._code(self._body_end(number, indent - 1), indent)
        elif text == ".." or text.startswith(".. "):
            self._explicit(number, indent, text)
        elif text.startswith("__ "):
            self.markup.append(f"<{text[3:].strip()}>")
        else:
            self._text(indent, text)

    def _opens_literal(self, number: int, indent: int) -> bool:
        """Check for the first line of a literal block, after a paragraph with `::`."""
        above, self._literal_below = self._literal_below, None
        return above is not None and indent > above and not self.lines[number - 1].strip()

    def _body_end(self, number: int, indent: int) -> int:
        """Find where the lines from `number` on, further right than `indent`, end; exclusive."""
        end = number
        for n in range(number, len(self.lines)):
            if self.lines[n].strip():
                if indent_of(self.lines[n]) <= indent:
                    break
                end = n + 1
        return end

    def _blank(self, end: int) -> None:
        self.markup += [""] * (end - len(self.markup))

    def _code(self, end: int, indent: int) -> None:
        """Indent the lines up to `end` as Markdown's code; the first line's margin is theirs."""
        margin = self.margin(indent)
        for line in self.lines[len(self.markup) : end]:
            inner = " " * max(indent_of(line) - indent, 0)
            self.markup.append(f"{margin}    {inner}{line.strip()}".rstrip())

    def _explicit(self, number: int, indent: int, text: str) -> None:
        """Translate a line that opens with `..`: directive, target, footnote or comment."""
        if match := _DIRECTIVE.fullmatch(text):
            name = match[1].lower().rpartition(":")[2]
            self._directive(number, indent, name, (match[2] or "").strip())
        elif match := _TARGET.fullmatch(text):
            name, url = (match[1] or match[2]).strip("_ "), (match[3] or "").strip()
            is_link = "://" in url
            if name and not url:
                self.link_ids.append(name)
            self.markup.append((f"[{name}]: {url}" if name else f"<{url}>") if is_link else "")
        elif match := _FOOTNOTE.fullmatch(text):
            label = match[1] if match[1].strip("#*") else "note"
            mark = f"[^{label}]:" if match[1][:1] in "#*" or label.isdecimal() else f"[{label}]"
            self.markup.append(f"{mark} {_inline(match[2])}".rstrip())
        else:
            self.markup.append("")
            if text != ".." or "".join(self.lines[number + 1 : number + 2]).strip():
                self._blank(self._body_end(number + 1, indent))

    def _directive(self, number: int, indent: int, name: str, argument: str) -> None:
        margin = self.margin(indent)
        if name == "math":
            self._formula(number, indent, margin, argument)
        elif name in _WITHOUT_TEXT or name.startswith("auto"):
            self.markup.append("")
            self._blank(self._body_end(number + 1, indent))
        else:
            title = "" if name in _UNNAMED else _inline(argument)
            title = f"**{title}**" if title and name in _NAMED else title
            self.markup.append((margin + title).rstrip())
            self._options(indent, margin)
            if name in _CODE:
                self._code_body(indent)

    def _options(self, indent: int, margin: str) -> None:
        """Blank the `:name: value` lines of a directive, but for those that hold text."""
        while (number := len(self.markup)) < len(self.lines):
            line = self.lines[number]
            match = _OPTION.fullmatch(line.strip())
            if match is None or indent_of(line) <= indent:
                break
            words = match[2] if match[1] in _WORDS else None
            self.markup.append(f"{margin}{_inline(words)}" if words else "")

    def _code_body(self, indent: int) -> None:
        start = len(self.markup)
        while start < len(self.lines) and not self.lines[start].strip():
            start += 1
        if start < len(self.lines) and indent_of(self.lines[start]) > indent:
            self._blank(start)
            self._code(self._body_end(start, indent), indent_of(self.lines[start]))

    def _formula(self, number: int, indent: int, margin: str, argument: str) -> None:
        """Put the argument and the body between dollars, on their own lines."""
        self.markup.append(f"{margin}$$ {argument}".rstrip())
        self._options(indent, margin)
        end = self._body_end(number + 1, indent)
        for line in self.lines[len(self.markup) : end]:
            self.markup.append(f"{margin}{line.strip()}".rstrip())
        self.markup[-1] = f"{self.markup[-1]} $$"

    def _text(self, indent: int, text: str) -> None:
        """Translate all other lines: borders, items, line blocks and prose."""
        is_border = _GRID_BORDER.fullmatch(text) or _SIMPLE_BORDER.fullmatch(text)
        if is_border or _repeated_sign(text) in _UNDERLINES:
            self.margin(indent)
            self.markup.append("")
            return
        text = self._without_colons(indent, text)
        if match := _ITEM.fullmatch(text):
            bullet = _bullet(match[1])
            if self._literal_below is not None:
                self._literal_below += len(match[1]) + 1  # a body stands right of the item's text
            margin = self.item_margin(indent, bullet)
            self.markup.append(f"{margin}{bullet} {_inline(match[2] or '')}".rstrip())
            return
        if text == "|" or (text.startswith("| ") and not text.endswith("|")):
            text = text[2:]
        elif text.startswith(">>> "):
            text = f"    {text}"  # else Markdown reads three quotes
        self.markup.append((self.margin(indent) + _inline(text)).rstrip())

    def _without_colons(self, indent: int, text: str) -> str:
        """Take the `::` from the end of a paragraph; a literal block may follow it."""
        if not text.endswith("::"):
            return text
        self._literal_below = indent
        return text[:-2].rstrip() if text == "::" or text[-3].isspace() else text[:-1]


def _bullet(bullet: str) -> str:
    """Return the bullet that Markdown knows."""
    if bullet[-1] in ".)":
        return bullet.lstrip("(").replace("#", "1")
    return bullet if bullet in "-*+" else "-"


def _inline(text: str) -> str:
    """Translate formulas and links; other roles stay, search_text takes their signs away."""
    if "`" not in text:
        return text
    text = _MATH.sub(lambda match: f"${match[1]}$", text)
    return _LINK.sub(lambda match: f"[{match[1].strip()}]({match[2]})", text)


def _repeated_sign(line: str) -> str:
    """Return the sign that a line repeats and that may underline a title, or nothing."""
    text = line.rstrip()
    if len(text) < 2 or text[0] not in _SIGNS or text in ("..", "::") or text.strip(text[0]):
        return ""
    return text[0]


def _translate_titles(lines: Sequence[str]) -> dict[int, str]:
    """Return the Markdown of each line of a section title, its rules blank.

    The level of a style (the sign, with or without a rule above) is its number in the order
    in which the styles appear.
    """
    markup: dict[int, str] = {}
    styles: list[tuple[str, bool]] = []
    for number in range(1, len(lines)):
        sign = _repeated_sign(lines[number])
        title = lines[number - 1].strip()
        if not sign or not title or number - 1 in markup or _FIELD.fullmatch(title):
            continue
        above = lines[number - 2].rstrip() if number >= 2 else ""
        over = _repeated_sign(above) == sign and len(above) == len(lines[number].rstrip())
        alone = not above or number - 2 in markup
        if not over and not (alone and _may_be_title(lines[number - 1], lines[number])):
            continue
        style = (sign, over)
        if style not in styles:
            styles.append(style)
        if over:
            markup[number - 2] = ""
        markup[number - 1] = f"{'#' * min(styles.index(style) + 1, _DEEPEST)} {title}"
        markup[number] = ""
    return markup


def _may_be_title(line: str, rule: str) -> bool:
    """Check that a line is text, not indented, and that the rule below it is long enough."""
    return (
        not line[0].isspace()
        and not _repeated_sign(line)
        and not line.startswith(".. ")
        and len(rule.rstrip()) >= min(4, len(line.rstrip()))
    )


class _Head:
    """The fields before the text and right below the title, up to the first other line.

    Docinfo fields count, and comments that are fields; `numbers` are their lines, from 0.
    """

    def __init__(self, lines: Sequence[str], titles: Container[int]) -> None:
        self.fields: dict[str, object] = {}
        self.numbers: set[int] = set()
        number, has_title = 0, False
        while number < len(lines):
            line = lines[number].rstrip()
            if not line:
                number += 1
            elif match := _FIELD.fullmatch(line):
                number = self._field(lines, number, match)
            elif match := _COMMENT_FIELD.fullmatch(line):
                self._add(match[1], [match[2]])
                self.numbers.add(number)
                number += 1
            elif _EXPLICIT.match(line):
                number = self._explicit(lines, number)
            elif number in titles and not has_title:
                has_title = True
                number += 3 if _repeated_sign(line) else 2
            else:
                break

    def _field(self, lines: Sequence[str], number: int, match: re.Match[str]) -> int:
        """Read a field with its indented lines; return the number of the line after it."""
        end = number + 1
        while end < len(lines) and lines[end].strip() and lines[end][0].isspace():
            end += 1
        values = [(match[2] or "").strip(), *(line.strip() for line in lines[number + 1 : end])]
        name = match[1].strip().lower()
        self._add(name, [value for value in values if value])
        if name not in _TEXT_FIELDS:
            self.numbers.update(range(number, end))
        return end

    def _explicit(self, lines: Sequence[str], number: int) -> int:
        """Pass over a comment, target or directive; `meta` holds fields."""
        end = number + 1
        while end < len(lines) and (not lines[end].strip() or indent_of(lines[end]) > 0):
            end += 1
        if _META.fullmatch(lines[number].rstrip()):
            for line in lines[number + 1 : end]:
                if match := _FIELD.fullmatch(line.strip()):
                    self._add(match[1].lower(), [match[2] or ""])
        return end

    def _add(self, name: str, values: Sequence[str]) -> None:
        """Keep the first value of a name as text; the names of authors as a list."""
        text = " ".join(values).strip()
        if text and name == "authors":
            whole = ";".join(value.lstrip("-*+ ") for value in values)
            authors = whole.split(";" if ";" in whole else ",")
            self.fields.setdefault(name, [author.strip() for author in authors if author.strip()])
        elif text:
            self.fields.setdefault(name, text)
