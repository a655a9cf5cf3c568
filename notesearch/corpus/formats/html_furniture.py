"""The tokens of a page in, what is not its text out: navigation, scripts, layout tables."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from notesearch.corpus.formats.html_tags import Tag, Text, Token

_GONE = {
    "script", "style", "title", "template", "noscript", "svg", "nav", "footer", "button", "select",
    "iframe", "noembed", "noframes", "video", "audio", "canvas", "dialog", "object",
}  # fmt: skip
_GONE_ROLES = {"navigation", "contentinfo", "search", "banner"}
_GONE_CLASSES = {
    "gutter", "linenos", "lineno", "rouge-gutter", "headerlink", "header-anchor", "heading-anchor",
    "anchor-link", "anchorjs-link", "hash-link", "mw-editsection", "MathJax", "MathJax_Preview",
    "MathJax_SVG", "MathJax_CHTML",
}  # fmt: skip
_MAIN = {"main", "article"}
_SIDE = {"header", "aside"}
_NOT_IN_CELLS = {"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "pre", "blockquote", "table"}


def find_furniture(tokens: Sequence[Token], matches: Mapping[int, int]) -> dict[int, int]:
    """Give where each element that is not shown begins and ends; one never closed is shown."""
    headings = [n for n, token in enumerate(tokens) if _opens(token, {"h1"})]
    mains = [n for n in matches if _opens(tokens[n], _MAIN)]
    main_end = -1  # of the outermost that is open
    gone: dict[int, int] = {}
    for start, end in sorted(matches.items()):
        token = tokens[start]
        if isinstance(token, Text):
            continue
        if token.name in _MAIN:
            main_end = max(main_end, end)
        elif token.name in _SIDE:
            place = bisect_left(headings, start)
            titled = place < len(headings) and headings[place] < end
            if mains and start > main_end and not titled:
                gone[start] = end
        if _is_gone(token):
            gone[start] = end
    return gone


def find_tables(tokens: Sequence[Token], matches: Mapping[int, int]) -> dict[int, int]:
    """Give where each table begins and ends whose cells hold text; the others are for layout."""
    tables: dict[int, int] = {}
    opened: list[int] = []
    for position, token in enumerate(tokens):
        while opened and matches[opened[-1]] < position:
            opened.pop()
        if _opens(token, _NOT_IN_CELLS) and opened:
            tables.pop(opened[-1], None)
        if _opens(token, {"table"}) and position in matches:
            opened.append(position)
            tables[position] = matches[position]
    return tables


def _opens(token: Token, names: set[str]) -> bool:
    return isinstance(token, Tag) and not token.closing and token.name in names


def _is_gone(tag: Tag) -> bool:
    said = tag.attributes
    return (
        tag.name in _GONE
        or said.get("aria-hidden", "").lower() == "true"
        or said.get("role", "").lower() in _GONE_ROLES
        or ("hidden" in said and said["hidden"].lower() != "until-found")
        or not _GONE_CLASSES.isdisjoint(said.get("class", "").split())
    )
