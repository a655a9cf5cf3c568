"""Small readings of Markdown lines: a heading's level and text, a link's words and target."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from html import unescape
from typing import NamedTuple

from notesearch.records import Block

_ATX = re.compile(r"^ {0,3}(#{1,6})(?:[ \t](.*))?$")
# The grammar of links. `[words](target "title")`, whose target may hold pairs of brackets:
_LINK_TEXT = (
    r"!?\[((?:[^\[\]]|\[[^\[\]]*\])*)\]"
    r"\(<?([^()\s]*(?:\([^()\s]*\)[^()\s]*){0,9})>?(?:\s[^()]{0,500})?\)"
)
LINK = re.compile(_LINK_TEXT)
# What a link leads to, without its words; the pattern of a bare address and of a target.
ADDRESS = r"\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)?\)|https?://\S+"
# A link to anywhere, with its words.
ANY_LINK = re.compile(_LINK_TEXT + r"|\[\[[^\[\]]*\]\]|<?https?://\S+")
_LINK_IN_LINK = re.compile(r"\[([^\[\]]+)\]\(\[[^\[\]]*\]\(([^()\s]*)\)\)")
_WIKILINK = re.compile(r"\[\[([^\[\]|]*)(?:\|([^\[\]]*))?\]\]")
_EMPHASIS = re.compile(r"(\*{1,3}|_{1,3}|~~|(?<!`)`+(?!`)|==)(?=\S)(.{1,400}?)(?<=\S)\1")
_MARK = re.compile(r"[*_~`=]")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!&])")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,30}\d{0,2});")
_HTML = re.compile(r"</?[A-Za-z][^<>]{0,300}>|<!--.*?-->")
# Titles, headings and names are shorter; the marks of a longer line would be paired forever.
_LONGEST_PLAIN = 1000
_LONGEST_LINKED = 4000
_ANCHOR = re.compile(r"\s*\{[#:.][^{}]*\}\s*$")
_MARKER = re.compile(r"^\s*(?:>\s*)*(?:[-*+]|\d{1,3}[.)])?\s*(?:\[[ xX]\]\s+)?")


def heading_text(lines: Sequence[str]) -> tuple[int, str]:
    """Give a heading's level and its words; `lines` are those of its block."""
    match = _ATX.match(lines[0])
    if match:
        return len(match[1]), plain(_without_closing(match[2] or ""))
    underline = next((line.strip() for line in lines[1:] if line.strip()), "")
    if lines[0].startswith("#"):  # `##Heading` without its space
        level = len(lines[0]) - len(lines[0].lstrip("#"))
        return min(level, 6), plain(lines[0].lstrip("#"))
    return 1 if underline.startswith("=") else 2, plain(lines[0])


def _without_closing(text: str) -> str:
    """Take the `##` off the end of a heading that is closed like that."""
    text = text.strip(" \t")
    open_text = text.rstrip("#")
    return text if open_text[-1:].strip() else open_text.rstrip(" \t")


class HeadingLine(NamedTuple):
    """A heading of a document that has words."""

    position: int  # in the document's lines
    level: int
    text: str


def find_headings(markup: Sequence[str], blocks: Sequence[Block]) -> tuple[HeadingLine, ...]:
    """Return the headings among some blocks that have words, in order."""
    found = (
        HeadingLine(block.start, *heading_text(markup[block.start : block.end]))
        for block in blocks
        if block.kind == "heading"
    )
    return tuple(heading for heading in found if heading.text)


@lru_cache(maxsize=1024)  # layout, title, facts and sections ask for the same few lines
def plain(text: str) -> str:
    """Take links, emphasis, tags and escapes off a line, and keep its words.

    Of a line that is far too long for a title only the start is given.
    """
    text = text[:_LONGEST_PLAIN]
    if "[" in text:
        text = _WIKILINK.sub(lambda match: match[2] or match[1], text)
        text = LINK.sub(lambda match: "" if match[0].startswith("!") else match[1], text)
    if "<" in text:
        text = _HTML.sub(" ", text)
    if "{" in text:
        text = _ANCHOR.sub("", text)
    if _MARK.search(text):
        for _ in range(2):  # bold around italic
            text = _EMPHASIS.sub(_without_marks, text)
    if "\\" in text:
        text = _ESCAPE.sub(r"\1", text)
    if "&" in text:
        text = _ENTITY.sub(lambda match: unescape(match[0]), text)
    return " ".join(text.split())


def _without_marks(match: re.Match[str]) -> str:
    """Unwrap emphasis, but leave the underscores inside a name alone."""
    before = match.string[match.start() - 1 : match.start()]
    return match[0] if match[1].startswith("_") and before.isalnum() else match[2]


def linked_title(line: str) -> tuple[str, str] | None:
    """Give (words, URL) of a line that is a link to the web with at most a few words around it."""
    if "](" not in line or len(line) > _LONGEST_LINKED:
        return None
    match = LINK.search(line)
    if match is None or match[0].startswith("!") or not match[2].startswith("http"):
        return None
    words, around = len(plain(match[1]).split()), len(plain(LINK.sub(" ", line)).split())
    return (plain(match[1]), match[2]) if words >= 1 and around <= max(4, words) else None


def mend_links(line: str) -> str:
    """Make one link of `[words]([address](target))`: what leads somewhere is the target."""
    return _LINK_IN_LINK.sub(r"[\1](\2)", line) if "]([" in line else line


def without_marker(line: str) -> str:
    """Take the list bullet, quote sign, number or task box off a line."""
    return _MARKER.sub("", line, count=1)


def unquote(text: str) -> str:
    """Take the quotation marks off a text that stands in them."""
    text = text.strip()
    for opened, closed in ('""', "''", "“”", "‘’", "«»"):
        if len(text) > 1 and text.startswith(opened) and text.endswith(closed):
            return text[1:-1].strip()
    return text
