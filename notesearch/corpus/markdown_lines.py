"""Read single lines of Markdown: a heading, a link, a fence of code, and the words in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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
# A line of code's fence: what stands before it, the fence, the language behind it.
FENCE = re.compile(
    r"^([ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?)(`{3,}|~{3,})([^`\n]*)$", re.MULTILINE
)
_WORD = re.compile(r"[^\W_]{2,}")
_UNSEEN = re.compile(ADDRESS + r"|<[^>]{1,200}>")
_ANCHOR = re.compile(r"\s*\{[#:.][^{}]*\}\s*$")
_MARKER = re.compile(r"^\s*(?:>\s*)*(?:[-*+]|\d{1,3}[.)])?\s*(?:\[[ xX]\]\s+)?")


def heading_text(lines: Sequence[str]) -> tuple[int, str]:
    """Return the level and the words of a heading; `lines` are those of its block."""
    if match := _ATX.match(lines[0]):
        text = (match[2] or "").strip(" \t")
        unclosed = text.rstrip("#")  # of `## Heading ##`, but not of `## C#`
        return len(match[1]), plain(text if unclosed[-1:].strip() else unclosed)
    underline = next((line.strip() for line in lines[1:] if line.strip()), "")
    if lines[0].startswith("#"):  # `##Heading` without its space
        level = len(lines[0]) - len(lines[0].lstrip("#"))
        return min(level, 6), plain(lines[0].lstrip("#"))
    return 1 if underline.startswith("=") else 2, plain(lines[0])


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
    """Return the words of a line, without links, emphasis, tags and escapes.

    Of a line that is far too long for a title, only those of its start.
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
    """Return the words in emphasis, but a name with underscores as it is."""
    before = match.string[match.start() - 1 : match.start()]
    return match[0] if match[1].startswith("_") and before.isalnum() else match[2]


def linked_title(line: str) -> tuple[str, str] | None:
    """Return words and URL of a line that is a link to the web with a few words around it."""
    if "](" not in line or len(line) > _LONGEST_LINKED:
        return None
    match = LINK.search(line)
    if match is None or match[0].startswith("!") or not match[2].startswith("http"):
        return None
    words, around = len(plain(match[1]).split()), len(plain(LINK.sub(" ", line)).split())
    return (plain(match[1]), match[2]) if words >= 1 and around <= max(4, words) else None


def pair_fences(
    fences: Sequence[re.Match[str]],
) -> Iterator[tuple[re.Match[str], re.Match[str] | None]]:
    """Yield each match of FENCE that opens code, with the one that closes it.

    A fence with a language inside an open one means that the earlier was never closed.
    """
    number = 0
    while number < len(fences):
        opening, closing = fences[number], None
        number += 1
        for later in range(number, len(fences)):
            if fences[later][2].startswith(opening[2]):
                if not fences[later][3].strip():
                    closing, number = fences[later], later + 1
                break
        yield opening, closing


def mend_fences(lines: Sequence[str]) -> list[str]:
    """Blank the fence lines that no other closes, so that they do not swallow the rest."""
    mended = list(lines)
    found = {
        match: number
        for number, line in enumerate(lines)
        if ("```" in line or "~~~" in line) and (match := FENCE.match(line))
    }
    for opening, closing in pair_fences(list(found)):
        if closing is None:
            mended[found[opening]] = ""
    return mended


def mend_links(line: str) -> str:
    """Return `[words]([address](target))` as one link, `[words](target)`."""
    return _LINK_IN_LINK.sub(r"[\1](\2)", line) if "]([" in line else line


def without_marker(line: str) -> str:
    """Return a line without its list bullet, quote sign, number or task box."""
    return _MARKER.sub("", line, count=1)


def unquote(text: str) -> str:
    """Return a text without the quotation marks around it."""
    text = text.strip()
    for opened, closed in ('""', "''", "“”", "‘’", "«»"):
        if len(text) > 1 and text.startswith(opened) and text.endswith(closed):
            return text[1:-1].strip()
    return text


def count_words(text: str) -> int:
    """Count the words a reader sees, without the targets of links and without tags."""
    if "](" in text or "://" in text or "<" in text:
        text = _UNSEEN.sub(" ", text)
    return len(_WORD.findall(text))


def count_words_beside_links(line: str) -> int:
    """Count the words of a line that are in no link."""
    return count_words(ANY_LINK.sub(" ", line))
