"""A page in, its tags and text out, in time linear in its length whatever it holds.

`html.parser` is not used: in Python 3.11 it takes 13 s for 40 kB of `<a ` and four times that
for twice as many, and notes come from strangers. Each search here that finds nothing is not
made again, and each one that finds something moves on to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_ATTRIBUTE = re.compile(r"[\s/]*([^\s/>][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]*)))?")
_TAG_END = re.compile(r"[\s/]*>")
# `unescape` makes an int of any number of digits, which fails past 4,300 of them.
_LONG_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
_LINE_REFERENCE = re.compile(r"&(?:#0*1[03](?!\d)|#[xX]0*[aAdD](?![0-9a-fA-F])|NewLine(?=;));?")
RAW = frozenset({"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"})
VOID = frozenset(
    {
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
        "source", "track", "wbr",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """Text between tags, its entities resolved."""

    data: str
    line: int  # where it begins, counted from 1


@dataclass(frozen=True, slots=True)
class Tag:
    """An opening or closing tag, its name and attribute names in lower case."""

    name: str
    line: int
    closing: bool = False
    attributes: dict[str, str] = field(default_factory=dict)


Token = Text | Tag


def tokenize(page: str) -> list[Token]:
    """Cut a page into tags and text; comments and declarations are left out."""
    return list(_Tokenizer(page).tokens())


def match_tags(tokens: list[Token]) -> dict[int, int]:
    """Find for the position of each opening tag that of its closing one, if it has one."""
    opened: dict[str, list[int]] = {}
    matches: dict[int, int] = {}
    for position, token in enumerate(tokens):
        if isinstance(token, Text) or token.name in VOID:
            continue
        if not token.closing:
            opened.setdefault(token.name, []).append(position)
        elif opened.get(token.name):
            matches[opened[token.name].pop()] = position
    return matches


class _Tokenizer:
    """A place in the page that only moves on, and the marks known not to come any more."""

    def __init__(self, page: str) -> None:
        self._page = page
        self._place = 0
        self._line = 1
        self._counted = 0  # the place up to which lines are counted
        self._missing: set[str] = set()

    def tokens(self) -> Iterator[Token]:
        page = self._page
        start, line = 0, 1  # of the text not yet given
        while (found := page.find("<", self._place)) >= 0:
            self._place = found
            token = self._markup()
            if self._place == found:  # a stray `<` is text
                self._place += 1
                continue
            if found > start:
                yield Text(_unescape(page[start:found]), line)
            if token is not None:
                yield token
                if token.name in RAW and not token.closing:
                    yield from self._raw(token.name)
            start, line = self._place, self._line_of(self._place)
        if start < len(page):
            yield Text(_unescape(page[start:]), line)

    def _markup(self) -> Tag | None:
        """Read what opens with `<` and move behind it; stay if it is text."""
        page, start = self._page, self._place
        if "tag" not in self._missing and (match := _TAG.match(page, start)):
            return self._tag(match)
        if page.startswith("<!--", start):
            self._place = self._after("-->", start + 2) or start + 4
        elif page.startswith(("<!", "<?", "</"), start):
            self._place = self._after(">", start) or start
        return None

    def _tag(self, match: re.Match[str]) -> Tag | None:
        page, place = self._page, match.end()
        attributes: dict[str, str] = {}
        while not (end := _TAG_END.match(page, place)):
            found = _ATTRIBUTE.match(page, place)
            if found is None:  # the page ends inside of this tag
                self._missing.add("tag")
                return None
            value = found[2] or found[3] or found[4] or ""
            attributes.setdefault(found[1].lower(), _unescape(value))
            place = found.end()
        line = self._line_of(match.start())
        self._place = end.end()
        return Tag(match[2].lower(), line, bool(match[1]), attributes)

    def _raw(self, name: str) -> Iterator[Text]:
        """Give the content of an element in which there are no tags; unclosed, it is none."""
        if name in self._missing:
            return
        end = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(self._page, self._place)
        if end is None:
            self._missing.add(name)
            return
        if end.start() > self._place:
            content = self._page[self._place : end.start()]
            yield Text(_unescape(content), self._line_of(self._place))
        self._place = end.start()

    def _after(self, mark: str, start: int) -> int | None:
        """Find the place behind the next `mark`."""
        if mark in self._missing:
            return None
        found = self._page.find(mark, start)
        if found < 0:
            self._missing.add(mark)
            return None
        return found + len(mark)

    def _line_of(self, place: int) -> int:
        """Count lines up to a place; places come in rising order."""
        self._line += self._page.count("\n", self._counted, place)
        self._counted = place
        return self._line


def _unescape(text: str) -> str:
    """Resolve entities; one that means a line break is a space, so that lines can be counted."""
    if "&" in text:
        text = _LINE_REFERENCE.sub(" ", _LONG_REFERENCE.sub("\ufffd", text))
        text = unescape(text)
    return text.replace("\r", " ")
