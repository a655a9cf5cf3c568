"""Cut Markdown lines into a tree of blocks.

markdown-it-py finds the structure; its inline parser is left out, since only lines matter
here. Blocks tile their lines: every line belongs to exactly one block on each level, so a cut
along blocks loses nothing.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from notesearch.corpus.markdown_it_rules import TooManyBlocksError, use_fast_rules
from notesearch.corpus.markdown_lines import mend_fences
from notesearch.records import Block

_KINDS = {
    "heading": "heading",
    "heading_open": "heading",
    "paragraph": "paragraph",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "list_item_open": "item",
    "blockquote_open": "quote",
    "table_open": "table",
    "row": "row",
    "fence": "code",
    "code_block": "code",
    "html_block": "html",
    "math_block": "math",
    "math_block_label": "math",
    "hr": "rule",
}
_CONTAINERS = {"list", "item", "quote", "table"}
_NO_SPACE_HEADING = re.compile(r"^(#{2,6})(?=[^\s#])|^(#)(?=[A-Z][\w-]*\s+[^#\s][^#]*$)")
_URL = re.compile(r"https?://")


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 20}).enable("table")
    parser.use(dollarmath_plugin)
    use_fast_rules(parser)
    parser.core.ruler.enableOnly(["block"])  # the lines come without odd line ends
    return parser


def parse_blocks(lines: Sequence[str], *, most: int = sys.maxsize) -> tuple[Block, ...]:
    """Cut Markdown lines into top-level blocks that tile them, as positions in `lines`.

    Raises TooManyBlocksError where there are more than `most` of them.
    """
    if not lines:
        return ()
    mended = mend_headings(mend_fences(lines))
    tokens = _parser().parse("\n".join(mended), {"most": most})
    blocks = _tiled(_tree(tokens, mended), 0, len(lines))
    if _count(blocks) > most:
        raise TooManyBlocksError
    return blocks


def _count(blocks: Sequence[Block]) -> int:
    return len(blocks) + sum(_count(block.children) for block in blocks if block.children)


def blocks_within(blocks: Sequence[Block], start: int, end: int) -> tuple[Block, ...] | None:
    """Return the blocks that tile start..end, counted from `start`; None where one is cut."""
    found: list[Block] = []
    for number in range(bisect_right(blocks, start, key=_end), len(blocks)):
        block = blocks[number]
        if block.start >= end:
            break
        if start <= block.start and block.end <= end:
            found.append(_moved(block, -start))
        elif inner := blocks_within(block.children, max(start, block.start), min(end, block.end)):
            found += [_moved(child, max(start, block.start) - start) for child in inner]
        else:
            return None
    return tuple(found)


def _end(block: Block) -> int:
    return block.end


def _moved(block: Block, by: int) -> Block:
    if not by:
        return block
    children = tuple(_moved(child, by) for child in block.children)
    return Block(block.kind, block.start + by, block.end + by, children)


def mend_headings(lines: Sequence[str]) -> list[str]:
    """Put the missing space into `##Heading`; a lone `#word` stays, it is a hashtag."""
    return [
        _NO_SPACE_HEADING.sub(r"\g<0> ", line) if line.startswith("#") else line for line in lines
    ]


@dataclass(slots=True)
class _Open:
    """A block of the parser's, whose lines may end too late or too early."""

    kind: str
    start: int
    end: int
    children: list[_Open] = field(default_factory=list)


def _tree(tokens: Sequence[Token], lines: Sequence[str]) -> list[_Open]:
    """Return the flat tokens as a tree; their maps are positions, the end exclusive."""
    root = _Open("root", 0, len(lines))
    stack = [root]  # for every open token: the container that it is, or lies in
    for token in tokens:
        if token.nesting == -1:
            stack.pop()
            continue
        inside = stack[-1]
        kind = _KINDS.get(token.type)
        if kind and token.map:
            if kind == "heading" and is_setext_trap(token, lines):
                kind = "paragraph"
            block = _Open(kind, token.map[0], token.map[1])
            stack[-1].children.append(block)
            if kind in _CONTAINERS:
                inside = block
        if token.nesting == 1:
            stack.append(inside)
    return root.children


def is_setext_trap(token: Token, lines: Sequence[str]) -> bool:
    """Return whether a heading is a sentence or URL above a rule to its writer."""
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


def _tiled(blocks: Sequence[_Open], start: int, end: int) -> tuple[Block, ...]:
    """Stretch blocks so that together they cover start..end, each line once.

    Lines between two blocks (blank ones, link definitions) go to the block before them.
    """
    kept: list[_Open] = []
    bounds: list[int] = []
    if blocks and blocks[0].kind == "heading" and blocks[0].start > start:
        kept.append(_Open("blank", start, end))  # a heading is its block's first line
        bounds.append(start)
    for block in blocks:
        first = max(block.start, bounds[-1] + 1) if bounds else start
        if first >= end:
            break
        kept.append(block)
        bounds.append(first)
    if not kept:
        return (Block("paragraph", start, end),)
    bounds.append(end)
    return tuple(
        Block(block.kind, *around, _tiled(block.children, *around) if block.children else ())
        for block, around in zip(kept, pairwise(bounds), strict=True)
    )
