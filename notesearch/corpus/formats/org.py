"""Org lines in, Markdown lines out, one for one.

Lines are shown as the file has them; only the keywords and the drawer of the head are left
out, since they are read as fields. Whatever needs an end (blocks, drawers, environments)
and has none is text, as it is to org itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from notesearch.corpus.formats.nesting import ListNesting
from notesearch.corpus.formats.org_fields import OrgFields
from notesearch.corpus.formats.translated import Translated, indent_of, without_head

_HEADING = re.compile(r"(\*+)\s+(\S.*)")
_HEADING_TAGS = re.compile(r"\s:((?:[\w@#%]+:)+)$")
_PRIORITY = re.compile(r"\[#\w{1,2}\]\s*")
_COOKIE = re.compile(r"\[(?:\d*/\d*|\d*%)\]")
_KEYWORD = re.compile(r"#\+([^\s:]+):(.*)")
_BEGIN = re.compile(r"#\+begin_(\S+)(.*)", re.IGNORECASE)
_END = re.compile(r"#\+end_(\S+)", re.IGNORECASE)
_DRAWER = re.compile(r":([\w-]+):")
_PROPERTY = re.compile(r":([^\s:]+):(?:\s+(.*))?")
_ENVIRONMENT = re.compile(r"\\begin\{([\w*]+)\}")
_ENVIRONMENT_END = re.compile(r"\\end\{([\w*]+)\}")
_ITEM = re.compile(r"([-+*]|\d{1,9}[.)])(?:\s+(.*))?")
_PLANNING = re.compile(
    r"(?:(?:SCHEDULED|DEADLINE|CLOSED|CLOCK):\s*[<\[][^>\]]*[>\]](?:--[<\[][^>\]]*[>\]])?"
    r"(?:\s*=>\s*[\d:]+)?\s*)+"
)
_OPENS_BLOCK = re.compile(r"[-+*>#=]|\d{1,9}[.)]")
_FOOTNOTE = re.compile(r"\[fn:([\w-]+)\]")
# Org wants white space or a bracket around, and no white space inside, next to the marks.
_CODE = re.compile(r"(?:(?<=[\s\-('\"{])|^)([=~])(?=\S)([^=~]+)(?<=\S)\1(?=[\s\-.,:;!?'\")}\[]|$)")
_STATES = {
    "TODO", "DONE", "NEXT", "WAITING", "WAIT", "HOLD", "STARTED", "STRT", "DOING", "INPROGRESS",
    "IN-PROGRESS", "CANCELLED", "CANCELED", "SOMEDAY", "PROJ", "KILL",
}  # fmt: skip
_STATE_KEYS = {"todo", "seq_todo", "typ_todo"}
_NOT_TAGS = {"noexport", "ignore", "attach", "archive", "export", "crypt", "toc"}
_LITERAL = {"src", "example", "export", "latex", "html", "ascii"}
_SILENT_DRAWERS = {"properties", "logbook"}
_DEEPEST = 6


def translate_org(lines: Sequence[str]) -> Translated:
    """Turn org lines into Markdown."""
    return _Org(lines).translate()


class _Org:
    """One pass over the lines; `markup` fills line by line, None for a line of the head."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._markup: list[str | None] = []
        self._fields = OrgFields()
        self._lists = ListNesting()
        self._states = set(_STATES)
        self._in_head = True
        self._headings = 0
        self._quotes = 0
        self._table_row = 0  # of the table that the last line belongs to; 0 outside of tables
        self._columns = 0
        self._ends = _Ends(lines)

    def translate(self) -> Translated:
        while (number := len(self._markup)) < len(self._lines):
            line = self._lines[number]
            text = line.strip()
            if not text.startswith("|"):
                self._table_row = 0
            self._line(number, line, text)
        return without_head(self._lines, self._markup, self._fields.finish())

    def _line(self, number: int, line: str, text: str) -> None:
        """Translate one line, or a whole block that is taken literally."""
        if not text:
            self._put("")
        elif line.startswith("*") and (match := _HEADING.fullmatch(line.rstrip())):
            self._heading(match)
        elif text.startswith("#"):
            self._sharp(number, line, text)
        elif text.startswith(":") and self._colon(number, line, text):
            self._in_head = self._in_head and text.upper() == ":PROPERTIES:"
        else:
            self._in_head = False
            self._text(number, line, text)

    def _put(self, text: str) -> None:
        self._markup.append(f"> {text}".rstrip() if self._quotes else text)

    def _put_blank(self, until: int) -> None:
        """Blank the lines up to and with `until`."""
        while len(self._markup) <= until:
            self._put("")

    def _heading(self, match: re.Match[str]) -> None:
        self._in_head, self._quotes = False, 0
        self._lists.clear()
        self._headings += 1
        title, tags = match[2], []
        if found := _HEADING_TAGS.search(f" {title}"):
            tags = [t for t in found[1].split(":") if t and t.lower() not in _NOT_TAGS]
            title = title[: max(found.start() - 1, 0)].rstrip()
        state, _, rest = title.partition(" ")
        if state in self._states and rest.strip():
            title = rest.strip()
        title = _COOKIE.sub("", _PRIORITY.sub("", title, count=1)).strip() or title
        if tags and self._headings == 1 and "title" not in self._fields.values:
            self._fields.add_tags(tags)
        else:  # as hashtags they are found, and known from the words of the heading
            title = " ".join([title, *(f"#{tag}" for tag in tags)])
        self._put(f"{'#' * min(len(match[1]), _DEEPEST)} {_inline(title)}".rstrip())

    def _sharp(self, number: int, line: str, text: str) -> None:
        """Translate a line that opens with `#`: block, keyword, comment or hashtag."""
        if match := _BEGIN.fullmatch(text):
            self._in_head = False
            self._begin(number, line, match)
        elif match := _END.match(text):
            if match[1].lower() == "quote":
                self._quotes = max(self._quotes - 1, 0)
            self._put("")
        elif match := _KEYWORD.fullmatch(text):
            self._keyword(line, match[1].lower(), match[2])
        elif text == "#" or text[1].isspace():
            self._put("")
        else:
            self._in_head = False
            self._text(number, line, text)

    def _keyword(self, line: str, key: str, value: str) -> None:
        if key == "caption" or key.startswith("caption["):
            self._in_head = False
            self._put(self._lists.place(indent_of(line)) + _inline(value.strip()))
            return
        if key in _STATE_KEYS:
            self._states.update(word.split("(")[0] for word in value.split() if word != "|")
        if self._in_head:
            self._fields.add(key, value)
            self._markup.append(None)
        else:
            self._fields.add_late(key, value)
            self._put("")

    def _begin(self, number: int, line: str, match: re.Match[str]) -> None:
        """Open a block; what is literal is taken whole, in the rest the lines go on as text."""
        kind = match[1].lower()
        end = self._ends.of_block(number, kind)
        if end is None:
            self._put("")
        elif kind in _LITERAL:
            self._literal(number, end, indent_of(line), match[2].split())
        elif kind == "comment":
            self._put_blank(end)
        else:
            self._put("")
            self._quotes += kind == "quote"

    def _literal(self, number: int, end: int, indent: int, words: Sequence[str]) -> None:
        margin = self._lists.place(indent)
        body = self._lines[number + 1 : end]
        fence = "`" * max(3, 1 + max((_backticks(line) for line in body), default=0))
        language = words[0] if words and re.fullmatch(r"[\w+#.-]+", words[0]) else ""
        self._put(f"{margin}{fence}{language}")
        for line in body:
            self._put(margin + _dedent(line, indent))
        self._put(f"{margin}{fence}")

    def _colon(self, number: int, line: str, text: str) -> bool:
        """Translate a drawer or a line of fixed width; tell whether it was one."""
        if text.startswith(": ") or text == ":":
            self._put(f"{self._lists.place(indent_of(line))}    {text[2:]}".rstrip())
            return True
        match = _DRAWER.fullmatch(text)
        if match is None:
            return False
        name = match[1].lower()
        end = self._ends.of_drawer(number)
        if name == "end":
            self._put("")
        elif end is None:
            return False
        elif name == "properties":
            self._properties(number, end)
        elif name in _SILENT_DRAWERS:
            self._put_blank(end)
        else:
            self._put("")
        return True

    def _properties(self, number: int, end: int) -> None:
        matches = (_PROPERTY.fullmatch(line.strip()) for line in self._lines[number + 1 : end])
        pairs = [(m[1].rstrip("+").lower(), (m[2] or "").strip()) for m in matches if m]
        if self._in_head and not self._headings:
            for key, value in pairs:
                self._fields.add(key, value)
            self._markup += [None] * (end + 1 - number)
        else:
            self._fields.add_drawer(dict(reversed(pairs)))
            self._put_blank(end)

    def _text(self, number: int, line: str, text: str) -> None:
        """Translate what is left: tables, rules, items, environments and prose."""
        indent = indent_of(line)
        if text.startswith("|"):
            self._put(self._lists.place(indent) + self._row(text))
        elif set(text) <= {"-"} and len(text) >= 5:
            self._lists.clear()
            self._put("***")  # dashes below a line would make it a heading
        elif _is_underline(text) or _PLANNING.fullmatch(text):
            self._put("")
        elif (match := _ITEM.fullmatch(text)) and (match[1] != "*" or indent):
            margin = self._lists.place_item(indent, match[1])
            self._put(f"{margin}{match[1]} {_inline(match[2] or '')}".rstrip())
        elif (match := _ENVIRONMENT.match(text)) and "$$" not in text:
            self._environment(number, indent, match[1])
        else:
            inline = _inline(text) if indent else _footnote_definition(text)
            self._put(self._lists.place(indent) + inline)

    def _row(self, text: str) -> str:
        """Translate a row; a rule below the first row is Markdown's rule below the header."""
        self._table_row += 1
        if not text.startswith("|-"):
            if self._table_row == 1:
                self._columns = text.rstrip("|").count("|")
            return _inline(text)
        if self._table_row == 1:
            self._table_row = 0
            return ""
        if self._table_row == 2:
            return "|" + "---|" * self._columns
        return "|" + " |" * self._columns  # a row without words: a blank line would end the table

    def _environment(self, number: int, indent: int, name: str) -> None:
        """Put a LaTeX environment between dollars: its signs open no lists."""
        margin = self._lists.place(indent)
        end = self._ends.of_environment(number, name)
        if end is None:
            self._put(margin + self._lines[number].strip())
            return
        body = [self._lines[n].strip() for n in range(number, end + 1)]
        body[0] = f"$${body[0]}"
        body[-1] = f"{body[-1]}$$"
        for line in body:  # empty braces are nothing to TeX, and no list to Markdown
            self._put(f"{margin}{{}}{line}" if _OPENS_BLOCK.match(line) else margin + line)


class _Ends:
    """Where blocks, drawers and environments end: looked up, not searched for each time."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._blocks: dict[str, list[int]] = {}
        self._environments: dict[str, list[int]] = {}
        self._drawers: list[int] = []
        self._headings: list[int] = []
        for number, line in enumerate(lines):
            self._note(number, line, line.strip())

    def _note(self, number: int, line: str, text: str) -> None:
        if text.startswith("#") and (match := _END.match(text)):
            self._blocks.setdefault(match[1].lower(), []).append(number)
        elif text.upper() == ":END:":
            self._drawers.append(number)
        elif line.startswith("*") and _HEADING.fullmatch(line.rstrip()):
            self._headings.append(number)
        elif match := _ENVIRONMENT_END.search(text):
            self._environments.setdefault(match[1], []).append(number)

    def of_block(self, number: int, kind: str) -> int | None:
        """Find the line that ends the block opened on line `number`."""
        return _after(self._blocks.get(kind, []), number)

    def of_drawer(self, number: int) -> int | None:
        """Find the line that ends the drawer opened on line `number`."""
        return self._before_heading(number, _after(self._drawers, number))

    def of_environment(self, number: int, name: str) -> int | None:
        """Find the line that ends the environment opened on line `number`, perhaps itself."""
        return self._before_heading(number, _after(self._environments.get(name, []), number - 1))

    def _before_heading(self, number: int, end: int | None) -> int | None:
        heading = _after(self._headings, number)
        return end if end is None or heading is None or end < heading else None


def _after(numbers: Sequence[int], number: int) -> int | None:
    """Find the first of rising numbers that is greater than `number`."""
    place = bisect_right(numbers, number)
    return numbers[place] if place < len(numbers) else None


def _inline(text: str) -> str:
    """Translate code and footnotes; emphasis and links are left for the reader of the words."""
    if "=" in text or "~" in text:
        text = _CODE.sub(lambda match: match[0] if "`" in match[2] else f"`{match[2]}`", text)
    return _FOOTNOTE.sub(r"[^\1]", text) if "[fn:" in text else text


def _footnote_definition(text: str) -> str:
    """Translate a line that opens with `[fn:1]`, where footnotes are told."""
    match = _FOOTNOTE.match(text)
    return f"[^{match[1]}]:{_inline(text[match.end() :])}" if match else _inline(text)


def _is_underline(text: str) -> bool:
    """Tell a line that makes a heading of the line above it in Markdown, and is nothing in org."""
    return not text.strip("=") or (len(text) > 1 and not text.strip("-"))


def _backticks(line: str) -> int:
    """Measure the longest run of backticks."""
    return max((len(run) for run in re.findall("`+", line)), default=0)


def _dedent(line: str, columns: int) -> str:
    """Take away white space up to `columns` from the left."""
    indent = indent_of(line)
    return " " * max(indent - columns, 0) + line.lstrip() if indent else line
