"""Text and inline tags in, one line of Markdown out: links, strong words, code, images."""

from __future__ import annotations

import re
from dataclasses import dataclass

from notesearch.corpus.formats.html_tags import Tag

_SPACES = re.compile(r" {2,}")
_STRONG = {"b", "strong"}
_CODE = {"code", "kbd", "samp", "tt"}
_RAISED = {"sup": "^", "sub": "_"}
_SPACED = {"label", "textarea", "xmp", "ruby", "rt", "img", "input"}
_LABEL = "selected-value"  # Notion's tags, which only its style sheet sets apart
_URL_ESCAPES = str.maketrans({" ": "%20", "(": "%28", ")": "%29", "<": "%3C", ">": "%3E"})


@dataclass(frozen=True, slots=True)
class _Span:
    """An inline element that is open, and the place of its first part."""

    kind: str  # "a", "strong" or "code", each open once at most
    start: int
    url: str = ""


class Inline:
    """The parts of the line that is being gathered."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._spans: list[_Span] = []
        self._line = 0  # of the page, where the first word stands

    def add(self, text: str, line: int) -> None:
        """Add text in which no line breaks are left."""
        if not text:
            return
        if not self._line and not text.isspace():
            self._line = line
        self._parts.append(text)

    def has_words(self) -> bool:
        """Tell whether there is more than white space."""
        return self._line > 0

    def in_span(self) -> bool:
        """Tell whether a link or mark is open, which has to stay on one line."""
        return bool(self._spans)

    def opens_span(self, tag: Tag) -> bool:
        """Tell whether a tag opens the outermost of links and marks."""
        kind = _kind(tag.name)
        return not self._spans and not tag.closing and bool(kind) and (kind != "a" or _is_link(tag))

    def tag(self, tag: Tag) -> None:
        """Open or close a mark; unknown tags are passed over."""
        kind = _kind(tag.name)
        if kind and tag.closing:
            if any(span.kind == kind for span in self._spans):
                self._close(kind)
        elif kind:
            self._open(kind, tag)
        elif tag.name in _RAISED and not tag.closing:
            if self._parts and self._parts[-1][-1:].isalnum():
                self.add(_RAISED[tag.name], tag.line)
        elif tag.name in _SPACED:
            self._replaced(tag)
        elif _LABEL in tag.attributes.get("class", "") and self.has_words():
            self.add(", ", tag.line)

    def take(self) -> tuple[int, str]:
        """Give the line's number and text, and begin the next one."""
        while self._spans:
            self._wrap(self._spans.pop())
        text = _SPACES.sub(" ", "".join(self._parts)).strip()
        line = self._line
        self._parts, self._line = [], 0
        return line, text

    def _open(self, kind: str, tag: Tag) -> None:
        if any(span.kind == kind for span in self._spans):
            return
        if kind == "a" and not _is_link(tag):
            return
        url = "".join(tag.attributes.get("href", "").split("\n")).strip()
        self._spans.append(_Span(kind, len(self._parts), url))

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
        words = inner.strip()
        if not words:
            return
        before = inner[: len(inner) - len(inner.lstrip())]
        after = inner[len(inner.rstrip()) :]
        self._parts[span.start :] = [before, _marked(span, words), after]

    def _replaced(self, tag: Tag) -> None:
        """Add what stands for an image or a box."""
        said = tag.attributes
        if tag.name == "img":
            if "mwe-math" not in said.get("class", ""):
                self.add(f" {' '.join(said.get('alt', '').split())} ", tag.line)
        elif tag.name == "input":
            if said.get("type", "").lower() == "checkbox":
                self.add("[x] " if "checked" in said else "[ ] ", tag.line)
        else:
            self.add(" ", tag.line)


def _kind(name: str) -> str:
    if name in _STRONG:
        return "strong"
    if name in _CODE:
        return "code"
    return "a" if name == "a" else ""


def _is_link(tag: Tag) -> bool:
    """Tell whether an anchor leads to another page."""
    return tag.attributes.get("href", "").strip().lower().startswith(("http://", "https://"))


def _marked(span: _Span, words: str) -> str:
    if span.kind == "a":
        return words if words == span.url else f"[{words}]({span.url.translate(_URL_ESCAPES)})"
    if span.kind == "strong":
        return f"**{words}**"
    fence = "``" if "`" in words else "`"
    return f"{fence}{words}{fence}" if fence == "`" else f"{fence} {words} {fence}"
