"""Cut a page into tags and text; find which of them are shown, and the fields of its head."""

# Time is linear in the length of a page, whatever it holds: notes come from strangers. Each
# search that finds nothing is not made again, and each that finds something moves on to it.
# Libraries were tried on pages of 0.3 to 1 MB (this module: 0.09 CPU seconds a MB):
# - html.parser of Python 3.11.7 takes 12 s for 40 kB of `<a `, four times the time of 20 kB;
# - lxml 6.1 (libxml2 2.14) takes 0.01 s a MB, but drops the rest of the page where elements are
#   nested 2,048 deep (as many <b> that are never closed) and where a comment or a quote is not
#   closed, takes the words of <h1><p>Title</p></h1> out of the heading, and is 12 MB;
# - justhtml 3.16 has the line of each text, but takes 26 s for 1.2 MB of `<`, and 10 s for as
#   much of `<p><b><i><u>`;
# - selectolax 1.0 has no line numbers.

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from itertools import zip_longest
from typing import TypeGuard

WHITE = re.compile(r"\s+")
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_ATTRIBUTE = re.compile(r"[\s/]*([^\s/>][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]*)))?")
_TAG_END = re.compile(r"[\s/]*>")
# `unescape` makes an int of any number of digits, which fails past 4,300 of them.
_LONG_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
_LINE_REFERENCE = re.compile(r"&(?:#0*1[03](?!\d)|#[xX]0*[aAdD](?![0-9a-fA-F])|NewLine(?=;));?")
_RAW = {"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"}
_VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
}  # fmt: skip

_HIDDEN = {
    "script", "style", "title", "template", "noscript", "svg", "nav", "footer", "button", "select",
    "iframe", "noembed", "noframes", "video", "audio", "canvas", "dialog", "object",
}  # fmt: skip
_HIDDEN_ROLES = {"navigation", "contentinfo", "search", "banner"}
_HIDDEN_CLASSES = {
    "gutter", "linenos", "lineno", "rouge-gutter", "headerlink", "header-anchor", "heading-anchor",
    "anchor-link", "anchorjs-link", "hash-link", "mw-editsection", "MathJax", "MathJax_Preview",
    "MathJax_SVG", "MathJax_CHTML",
}  # fmt: skip
_MAIN = {"main", "article"}
_SIDE = {"header", "aside"}
_NOT_IN_CELLS = {"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "pre", "blockquote", "table"}

# The first of these that a page has gives the field; the ones in brackets are no <meta>.
_SOURCES = {
    "title": ("og:title", "twitter:title", "dc.title", "<title>"),
    "author": ("author", "article:author", "dc.creator", "parsely-author"),
    "date": (
        "date", "article:published_time", "datepublished", "dc.date", "dcterms.created",
        "dcterms.date", "pubdate", "created", "<time>",
    ),
    "description": ("description", "og:description", "dc.description"),
    "keywords": ("keywords", "news_keywords"),
    "arxiv": ("citation_arxiv_id",),
    "doi": ("citation_doi", "dc.identifier.doi", "prism.doi"),
    "url": ("og:url", "<link>"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """Text between tags, its entities resolved."""

    data: str
    line: int  # where it begins, counted from 1


@dataclass(slots=True)
class Tag:
    """An opening or closing tag, its name and attribute names in lower case."""

    name: str
    line: int
    closing: bool = False
    attributes: dict[str, str] = field(default_factory=dict)
    end: int | None = None  # of an opening tag: the position of its closing one, if it has one


Token = Text | Tag


def tokenize(page: str) -> list[Token]:
    """Cut a page into tags, with their ends, and text; leave out comments and declarations."""
    tokens = list(_Tokenizer(page).tokens())
    opened: dict[str, list[Tag]] = {}
    for position, token in enumerate(tokens):
        if isinstance(token, Text) or token.name in _VOID:
            continue
        if not token.closing:
            opened.setdefault(token.name, []).append(token)
        elif opened.get(token.name):
            opened[token.name].pop().end = position
    return tokens


class _Tokenizer:
    """A page, and the patterns known to occur no more in it."""

    def __init__(self, page: str) -> None:
        self._page = page
        self._newlines = [match.start() for match in re.finditer("\n", page)]
        self._missing: set[str] = set()

    def tokens(self) -> Iterator[Token]:
        start = offset = 0  # of the text not yet given, and of the search
        while (offset := self._page.find("<", offset)) >= 0:
            tag, end = self._markup(offset)
            if end == offset:  # a stray `<` is text
                offset += 1
                continue
            yield from self._text(start, offset)
            if tag:
                yield tag
                if tag.name in _RAW and not tag.closing:
                    start, end = end, self._raw_end(tag.name, end)
                    yield from self._text(start, end)
            start = offset = end
        yield from self._text(start, len(self._page))

    def _text(self, start: int, end: int) -> Iterator[Text]:
        if start < end:
            yield Text(_unescape(self._page[start:end]), self._line_of(start))

    def _markup(self, start: int) -> tuple[Tag | None, int]:
        """Read the markup at a `<`; return the offset after it, or `start` if it is text."""
        page = self._page
        if "tag" not in self._missing and (match := _TAG.match(page, start)):
            return self._tag(match)
        if page.startswith("<!--", start):
            end = self._search("-->", start + 2)
            return None, end.end() if end else start + 4
        if page.startswith(("<!", "<?", "</"), start) and (end := self._search(">", start)):
            return None, end.end()
        return None, start

    def _tag(self, match: re.Match[str]) -> tuple[Tag | None, int]:
        offset = match.end()
        attributes: dict[str, str] = {}
        while not (end := _TAG_END.match(self._page, offset)):
            found = _ATTRIBUTE.match(self._page, offset)
            if found is None:  # the page ends inside of this tag
                self._missing.add("tag")
                return None, match.start()
            value = found[2] or found[3] or found[4] or ""
            attributes.setdefault(found[1].lower(), _unescape(value))
            offset = found.end()
        line = self._line_of(match.start())
        return Tag(match[2].lower(), line, bool(match[1]), attributes), end.end()

    def _raw_end(self, name: str, start: int) -> int:
        """Find the end of an element in which there are no tags; unclosed, it is empty."""
        end = self._search(rf"</{name}(?=[\s/>])", start)
        return end.start() if end else start

    def _search(self, pattern: str, start: int) -> re.Match[str] | None:
        """Find a pattern; starts come in rising order."""
        if pattern in self._missing:
            return None
        found = re.compile(pattern, re.IGNORECASE).search(self._page, start)
        if found is None:
            self._missing.add(pattern)
        return found

    def _line_of(self, offset: int) -> int:
        return bisect_left(self._newlines, offset) + 1


def _unescape(text: str) -> str:
    """Resolve entities; one that means a line break is a space, so that lines can be counted."""
    if "&" in text:
        text = unescape(_LINE_REFERENCE.sub(" ", _LONG_REFERENCE.sub("\ufffd", text)))
    return text.replace("\r", " ")


def find_hidden(tokens: Sequence[Token]) -> set[int]:
    """Return the positions of the elements that are not shown; one never closed is shown."""
    headings = [n for n, token in enumerate(tokens) if _opens(token, {"h1"})]
    has_main = any(_opens(token, _MAIN) and token.end for token in tokens)
    main_end = -1  # of the outermost that is open
    hidden: set[int] = set()
    for start, token in enumerate(tokens):
        if isinstance(token, Text) or token.end is None:
            continue
        if token.name in _MAIN:
            main_end = max(main_end, token.end)
        elif token.name in _SIDE and has_main and start > main_end:
            heading = bisect_left(headings, start)
            if heading == len(headings) or headings[heading] > token.end:
                hidden.add(start)
        if _is_hidden(token):
            hidden.add(start)
    return hidden


def find_tables(tokens: Sequence[Token]) -> set[int]:
    """Return the positions of the tables whose cells hold text; the others are for layout."""
    tables: set[int] = set()
    opened: list[tuple[int, int]] = []  # position and end
    for position, token in enumerate(tokens):
        while opened and opened[-1][1] < position:
            opened.pop()
        if opened and _opens(token, _NOT_IN_CELLS):
            tables.discard(opened[-1][0])
        if _opens(token, {"table"}) and token.end:
            opened.append((position, token.end))
            tables.add(position)
    return tables


def _opens(token: Token, names: set[str]) -> TypeGuard[Tag]:
    return isinstance(token, Tag) and not token.closing and token.name in names


def _is_hidden(tag: Tag) -> bool:
    attributes = tag.attributes
    return (
        tag.name in _HIDDEN
        or attributes.get("aria-hidden", "").lower() == "true"
        or attributes.get("role", "").lower() in _HIDDEN_ROLES
        or attributes.get("hidden", "until-found").lower() != "until-found"
        or not _HIDDEN_CLASSES.isdisjoint(attributes.get("class", "").split())
    )


def read_head(tokens: Sequence[Token], *, has_h1: bool) -> dict[str, object]:
    """Return the fields; a heading of level 1 is a better title than the page's own."""
    metas = _metas(tokens)
    fields: dict[str, object] = {
        name: contents[0] for name, contents in metas.items() if name.startswith("citation_")
    }
    for name, sources in _SOURCES.items():
        if found := next((metas[source] for source in sources if source in metas), None):
            fields[name] = found[0]
    if "citation_author" in metas:
        fields["authors"] = fields["citation_author"] = metas["citation_author"]
    if "article:tag" in metas:
        fields["tags"] = metas["article:tag"]
    if "citation_title" in fields:
        fields["title"] = fields["citation_title"]
    elif has_h1:
        fields.pop("title", None)
    elif isinstance(title := fields.get("title"), str) and "og:site_name" in metas:
        site = metas["og:site_name"][0]
        if title.endswith(site):
            fields["title"] = title.removesuffix(site).rstrip(" |-–—·:") or title
    return fields


def _metas(tokens: Sequence[Token]) -> dict[str, list[str]]:
    """Gather the contents of <meta>, <title>, <time> and the page's own <link>, by name."""
    metas: dict[str, list[str]] = {}
    for token, following in zip_longest(tokens, tokens[1:]):
        if isinstance(token, Text) or token.closing:
            continue
        attributes, name, content = token.attributes, f"<{token.name}>", ""
        if token.name == "meta":
            names = (attributes.get(key, "") for key in ("name", "property", "itemprop"))
            name = next(filter(None, names), "").strip().lower()
            content = attributes.get("content", "")
        elif token.name == "title" and isinstance(following, Text):
            content = following.data
        elif token.name == "time":
            content = attributes.get("datetime", "")
        elif token.name == "link" and attributes.get("rel", "").lower() == "canonical":
            href = attributes.get("href", "")
            content = href if href.startswith("http") else ""
        if name and (content := WHITE.sub(" ", content).strip()):
            metas.setdefault(name, []).append(content)
    return metas
