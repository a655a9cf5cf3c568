"""Translate org into Markdown, line for line.

Lines are shown as the file has them; only the keywords and the drawer of the head are left
out, since they are read as fields. Blocks, drawers and environments that never end are text,
as they are to org itself.
"""

# orgparse 0.5 was tried. It reads headings, their tags, properties and dates, a fifth of this
# module; blocks, lists, tables and formulas stay raw lines. A line `* x` in a block of code
# becomes a heading, the date <2020-13-45> ends the reading of the file with a ValueError, and
# it takes 0.20 CPU seconds a MB, this module 0.06.

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from notesearch.corpus.formats import (
    LineTranslator,
    Translated,
    fence_around,
    indent_of,
)

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

_CITEKEY = re.compile(
    r"(?P<doi>10\.\d{4,9}/\S+)|(?P<arxiv>\d{4}\.\d{4,5})|@\S+"
    r"|[A-Za-z][A-Za-z_:-]*[a-z][A-Za-z_:-]*(?:19|20)\d\d\w*|[a-z]+\d\d_\w+"
)
_TIMESTAMP = re.compile(r"[<\[](\d{4}-\d\d-\d\d)[^>\]]*[>\]]")
_TAG_KEYS = {"filetags", "hugo_tags", "roam_tags"}
_ALIAS_KEYS = {"roam_alias", "roam_aliases"}
_LINK_KEYS = {"roam_key", "roam_ref", "roam_refs"}
_TEXT_KEYS = {"author", "description"}  # org joins their lines
# Below text other keywords are about a figure or table.
_LATE_KEYS = _TAG_KEYS | _ALIAS_KEYS | _LINK_KEYS | _TEXT_KEYS | {"title", "date", "keywords"}
_PAPER_KEYS = {"author", "doi", "url", "year", "arxiv", "arxiv_id", "eprint", "journal"}


def translate_org(lines: Sequence[str]) -> Translated:
    """Turn org lines into Markdown."""
    return _Org(lines).translate()


class _Org(LineTranslator):
    """One pass over the lines."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__(lines)
        self._fields = _Fields()
        self._states = set(_STATES)
        self._in_head = True
        self._headings = 0
        self._quotes = 0
        self._table_row = 0  # of the table that the last line belongs to; 0 outside of tables
        self._columns = 0
        self._ends = _find_ends(lines)

    def translate(self) -> Translated:
        while (number := len(self.markup)) < len(self.lines):
            line = self.lines[number]
            text = line.strip()
            if not text.startswith("|"):
                self._table_row = 0
            self._line(number, line, text)
        return self.result(self._fields.finish())

    def _line(self, number: int, line: str, text: str) -> None:
        """Translate one line, or a whole block that is taken literally."""
        if not text:
            self._put("")
        elif line.startswith("*") and (match := _HEADING.fullmatch(line.rstrip())):
            self._heading(match)
        elif (text[0] == "#" and self._sharp(number, line, text)) or (
            text[0] == ":" and self._colon(number, line, text)
        ):
            self._in_head = self._in_head and (text[0] == "#" or text.upper() == ":PROPERTIES:")
        else:
            self._in_head = False
            self._text(number, indent_of(line), text)

    def _put(self, text: str) -> None:
        self.markup.append(f"> {text}".rstrip() if self._quotes else text)

    def _put_blank(self, until: int) -> None:
        """Blank the lines up to and with `until`."""
        while len(self.markup) <= until:
            self._put("")

    def _end(self, kind: str, number: int, *, in_section: bool = True) -> int | None:
        """Find the next line after `number` that ends a kind, if need be before the next heading.

        A table of all ends is asked, since a search for each opening line takes minutes on a
        file of nothing else.
        """
        end = _next(self._ends.get(kind, []), number)
        heading = _next(self._ends.get("heading", []), number) if in_section else None
        return end if end is None or heading is None or end < heading else None

    def _heading(self, match: re.Match[str]) -> None:
        self._in_head, self._quotes = False, 0
        self.end_lists()
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
            self._fields.extend("tags", tags)
        else:  # as hashtags they are found, and differ from the words of the heading
            title = " ".join([title, *(f"#{tag}" for tag in tags)])
        self._put(f"{'#' * min(len(match[1]), _DEEPEST)} {_inline(title)}".rstrip())

    def _sharp(self, number: int, line: str, text: str) -> bool:
        """Translate a block, keyword or comment; return False for a hashtag, which is text."""
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
            return False
        return True

    def _keyword(self, line: str, key: str, value: str) -> None:
        if key == "caption" or key.startswith("caption["):
            self._in_head = False
            self._put(self.margin(indent_of(line)) + _inline(value.strip()))
            return
        if key in _STATE_KEYS:
            self._states.update(word.split("(")[0] for word in value.split() if word != "|")
        if self._in_head or key in _LATE_KEYS:
            self._fields.add(key, value)
        if self._in_head:
            self.markup.append(None)
        else:
            self._put("")

    def _begin(self, number: int, line: str, match: re.Match[str]) -> None:
        """Open a block; a literal one is taken whole, the lines of others are read as text."""
        kind = match[1].lower()
        end = self._end(f"block {kind}", number, in_section=False)
        if end is not None and kind in _LITERAL:
            self._literal(number, end, indent_of(line), match[2].split())
        elif end is not None and kind == "comment":
            self._put_blank(end)
        else:
            self._put("")
            self._quotes += end is not None and kind == "quote"

    def _literal(self, number: int, end: int, indent: int, words: Sequence[str]) -> None:
        margin = self.margin(indent)
        body = self.lines[number + 1 : end]
        fence = fence_around("\n".join(body))
        language = words[0] if words and re.fullmatch(r"[\w+#.-]+", words[0]) else ""
        self._put(f"{margin}{fence}{language}")
        for line in body:
            inner = indent_of(line)
            self._put(margin + (" " * max(inner - indent, 0) + line.lstrip() if inner else line))
        self._put(f"{margin}{fence}")

    def _colon(self, number: int, line: str, text: str) -> bool:
        """Translate a drawer or a line of fixed width; return False for other text."""
        if text.startswith(": ") or text == ":":
            self._put(f"{self.margin(indent_of(line))}    {text[2:]}".rstrip())
            return True
        match = _DRAWER.fullmatch(text)
        name = match[1].lower() if match else ""
        end = self._end("drawer", number)
        if name == "properties" and end is not None:
            self._properties(number, end)
        elif name in _SILENT_DRAWERS and end is not None:
            self._put_blank(end)
        elif name == "end" or (name and end is not None):
            self._put("")
        else:
            return False
        return True

    def _properties(self, number: int, end: int) -> None:
        matches = (_PROPERTY.fullmatch(line.strip()) for line in self.lines[number + 1 : end])
        pairs = [(m[1].rstrip("+").lower(), (m[2] or "").strip()) for m in matches if m]
        self.link_ids += [value for key, value in pairs if key == "id" and value]
        if self._in_head and not self._headings:
            for key, value in pairs:
                self._fields.add(key, value)
            self.markup += [None] * (end + 1 - number)
        else:
            self._fields.add_drawer(dict(reversed(pairs)))
            self._put_blank(end)

    def _text(self, number: int, indent: int, text: str) -> None:
        """Translate all other lines: tables, rules, items, environments and prose."""
        if text.startswith("|"):
            self._put(self.margin(indent) + self._row(text))
        elif set(text) <= {"-"} and len(text) >= 5:
            self.end_lists()
            self._put("***")  # dashes below a line would make it a heading
        elif _is_underline(text) or _PLANNING.fullmatch(text):
            self._put("")
        elif (match := _ITEM.fullmatch(text)) and (match[1] != "*" or indent):
            margin = self.item_margin(indent, match[1])
            self._put(f"{margin}{match[1]} {_inline(match[2] or '')}".rstrip())
        elif (match := _ENVIRONMENT.match(text)) and "$$" not in text:
            self._environment(number, indent, match[1])
        elif not indent and (match := _FOOTNOTE.match(text)):  # here the footnote itself stands
            self._put(f"{self.margin(indent)}[^{match[1]}]:{_inline(text[match.end() :])}")
        else:
            self._put(self.margin(indent) + _inline(text))

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
        # Further down it is a row without words: a blank line would end the table.
        return "|" + ("---|" if self._table_row == 2 else " |") * self._columns

    def _environment(self, number: int, indent: int, name: str) -> None:
        """Put a LaTeX environment between dollars: its signs open no lists."""
        margin = self.margin(indent)
        end = self._end(f"environment {name}", number - 1)  # perhaps on the same line
        if end is None:
            self._put(margin + self.lines[number].strip())
            return
        body = [self.lines[n].strip() for n in range(number, end + 1)]
        body[0] = f"$${body[0]}"
        body[-1] = f"{body[-1]}$$"
        for line in body:  # empty braces are nothing to TeX, and no list to Markdown
            self._put(f"{margin}{{}}{line}" if _OPENS_BLOCK.match(line) else margin + line)


def _find_ends(lines: Sequence[str]) -> dict[str, list[int]]:
    """Find the lines that end blocks, drawers, environments and sections, by what they end."""
    ends: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        text = line.strip()
        if text.startswith("#") and (match := _END.match(text)):
            kind = f"block {match[1].lower()}"
        elif text.upper() == ":END:":
            kind = "drawer"
        elif line.startswith("*") and _HEADING.fullmatch(line.rstrip()):
            kind = "heading"
        elif match := _ENVIRONMENT_END.search(text):
            kind = f"environment {match[1]}"
        else:
            continue
        ends.setdefault(kind, []).append(number)
    return ends


def _next(numbers: Sequence[int], number: int) -> int | None:
    """Find the first of rising numbers that is greater than `number`."""
    index = bisect_right(numbers, number)
    return numbers[index] if index < len(numbers) else None


def _inline(text: str) -> str:
    """Translate code and footnotes; emphasis and links stay, search_text takes their signs away."""
    if "=" in text or "~" in text:
        text = _CODE.sub(lambda match: match[0] if "`" in match[2] else f"`{match[2]}`", text)
    return _FOOTNOTE.sub(r"[^\1]", text) if "[fn:" in text else text


def _is_underline(text: str) -> bool:
    """Check for a line that is nothing in org, and in Markdown makes a heading of the one above."""
    return not text.strip("=") or (len(text) > 1 and not text.strip("-"))


class _Fields:
    """The fields of keywords and drawers so far; of keys with one meaning the first counts."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self._drawers: list[dict[str, str]] = []

    def add(self, key: str, value: str) -> None:
        """Add one `#+key: value` line or one property of the file."""
        value = value.strip()
        if not value:
            return
        if key == "title":
            self._add_title(value)
        elif key in _TAG_KEYS:
            self.extend("tags", _tags(value))
        elif key in _ALIAS_KEYS:
            self.extend("aliases", _quoted_words(value))
        elif key in _TEXT_KEYS and isinstance(known := self.values.get(key), str):
            self.values[key] = f"{known} {value}"
        elif key == "date" and (match := _TIMESTAMP.search(value)):
            self.values.setdefault(key, match[1])
        else:
            self.values.setdefault(key, value)
        if key in _LINK_KEYS:
            urls = (word for word in value.split() if word.startswith(("http:", "https:")))
            if url := next(urls, None):
                self.values.setdefault("url", url)

    def add_drawer(self, properties: dict[str, str]) -> None:
        """Add the properties of a heading; they count if no other heading has such."""
        paper = {key: value for key, value in properties.items() if key in _PAPER_KEYS and value}
        if paper:
            self._drawers.append(paper)

    def extend(self, key: str, items: Iterable[str]) -> None:
        """Add to a list those items that it lacks."""
        known = self.values.setdefault(key, [])
        if isinstance(known, list):
            known.extend(item for item in items if item not in known)

    def finish(self) -> dict[str, object]:
        """Return all fields."""
        if len(self._drawers) == 1:
            for key, value in self._drawers[0].items():
                self.values.setdefault(key, value)
        return self.values

    def _add_title(self, value: str) -> None:
        """Cut `citekey: Title`; the key may be the identity of the paper."""
        key, colon, rest = value.partition(": ")
        match = _CITEKEY.fullmatch(key) if colon else None
        if match and rest.strip():
            value = rest.strip()
            for name, found in {"citekey": key, **match.groupdict()}.items():
                if found:
                    self.values.setdefault(name, found)
        self.values.setdefault("title", value)


def _tags(value: str) -> list[str]:
    """Split `:a:b:`, `a b` and `"two words" b`."""
    if value.startswith(":"):
        return [tag for tag in value.replace(" ", ":").split(":") if tag]
    return [tag for word in _quoted_words(value) if (tag := word.strip(","))]


def _quoted_words(value: str) -> list[str]:
    """Split at white space outside of double quotes."""
    return [word.strip('"') for word in re.findall(r"\"[^\"]*\"|[^\s\"]+", value)]
