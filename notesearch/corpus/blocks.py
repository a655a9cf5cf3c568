"""Markdown lines in, a tree of blocks out: what belongs together, and on which lines.

markdown-it-py finds the structure; its inline parser is left out, since only lines matter
here. Blocks tile the lines they come from: every line belongs to exactly one block on each
level, so what is cut along blocks loses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from notesearch.records import Block

_KINDS = {
    "heading_open": "heading",
    "paragraph_open": "paragraph",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "list_item_open": "item",
    "blockquote_open": "quote",
    "table_open": "table",
    "tr_open": "row",
    "fence": "code",
    "code_block": "code",
    "html_block": "html",
    "math_block": "math",
    "math_block_label": "math",
    "hr": "rule",
}
_CONTAINERS = {"list", "item", "quote", "table"}
_NO_SPACE_HEADING = re.compile(r"^(#{2,6})(?=[^\s#])|^(#)(?=[A-Z][\w-]*\s+[^#\s][^#]*$)")
_FENCE = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}|~{3,})([^`]*)$")
_URL = re.compile(r"https?://")


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 20}).enable("table")
    parser.use(dollarmath_plugin)
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


def parse_blocks(lines: Sequence[str]) -> tuple[Block, ...]:
    """Cut Markdown lines into top-level blocks that tile them, as positions in `lines`."""
    if not lines:
        return ()
    mended = mend_headings(mend_fences(lines))
    tokens = _parser().parse("\n".join(mended))
    return tile(_tree(tokens, mended), 0, len(lines))


def mend_fences(lines: Sequence[str]) -> list[str]:
    """Blank the fence lines that no other closes, so that they do not swallow the rest.

    A fence that names a language inside an open one says that the earlier was never closed.
    """
    mended = list(lines)
    opened: int | None = None
    marker = ""
    for number, line in enumerate(lines):
        match = _FENCE.match(line) if "```" in line or "~~~" in line else None
        if match is None:
            continue
        fence, info = match[1], match[2].strip()
        if opened is None:
            opened, marker = number, fence
        elif fence[0] == marker[0] and len(fence) >= len(marker):
            if info:
                mended[opened] = ""
                opened, marker = number, fence
            else:
                opened = None
    if opened is not None:
        mended[opened] = ""
    return mended


def mend_headings(lines: list[str]) -> list[str]:
    """Put the missing space into `##Heading`; a lone `#word` stays, it is a hashtag."""
    for number, line in enumerate(lines):
        if line.startswith("#"):
            match = _NO_SPACE_HEADING.match(line)
            if match:
                lines[number] = f"{match[0]} {line[match.end() :]}"
    return lines


@dataclass
class _Open:
    """A block whose end has not been met yet."""

    kind: str
    start: int
    end: int
    children: list[Block] = field(default_factory=list)


def _tree(tokens: Sequence[Token], lines: Sequence[str]) -> list[Block]:
    """Nest the flat tokens; their maps are positions, the end exclusive."""
    root = _Open("root", 0, len(lines))
    stack = [root]
    depth: list[bool] = []  # for every open token: does it stand on the stack?
    for token in tokens:
        if token.nesting == -1:
            if depth.pop():
                closed = stack.pop()
                stack[-1].children.append(_close(closed))
            continue
        kind = _KINDS.get(token.type)
        if kind == "heading" and token.map and _is_setext_trap(token, lines):
            kind = "paragraph"
        if token.nesting == 1:
            is_container = kind in _CONTAINERS and token.map is not None
            depth.append(is_container)
            if is_container and kind and token.map:
                stack.append(_Open(kind, token.map[0], token.map[1]))
                continue
        if kind and token.map:
            stack[-1].children.append(Block(kind, token.map[0], token.map[1]))
    return root.children


def _close(opened: _Open) -> Block:
    """Make a block of an open one, its children covering it."""
    end = max(opened.end, opened.start + 1)
    return Block(opened.kind, opened.start, end, tile(opened.children, opened.start, end))


def _is_setext_trap(token: Token, lines: Sequence[str]) -> bool:
    """Tell whether a sentence or URL with `---` below it is no heading to its writer."""
    if token.markup != "-" or token.map is None:
        return False
    text = [line.strip() for line in lines[token.map[0] : token.map[1] - 1]]
    line = text[-1] if text else ""
    return (
        len(text) != 1
        or len(line.split()) > 16
        or line.endswith((".", ",", ";", ":", "?", "!"))
        or bool(_URL.search(line))
        or ":" in line.split(" ", 1)[0]
        or line.startswith(("|", "!["))
    )


def tile(blocks: Sequence[Block], start: int, end: int) -> tuple[Block, ...]:
    """Stretch blocks so that together they cover start..end, each line once.

    Lines between two blocks (blank ones, link definitions) go to the block before them.
    """
    kept: list[Block] = []
    if blocks and blocks[0].kind == "heading" and blocks[0].start > start:
        kept.append(Block("blank", start, blocks[0].start))  # a heading is its block's first line
    for block in blocks:
        first = max(block.start, kept[-1].start + 1 if kept else start)
        if first >= end:
            break
        kept.append(replace(block, start=first) if first != block.start else block)
    if not kept:
        return (Block("paragraph", start, end),) if end > start else ()
    bounds = [start, *(block.start for block in kept[1:]), end]
    return tuple(
        _stretch(block, *around) for block, around in zip(kept, pairwise(bounds), strict=True)
    )


def _stretch(block: Block, start: int, end: int) -> Block:
    """Move a block's bounds, and with them those of its outermost children."""
    if (block.start, block.end) == (start, end):
        return block
    children = tile(block.children, start, end) if block.children else ()
    return Block(block.kind, start, end, children)
