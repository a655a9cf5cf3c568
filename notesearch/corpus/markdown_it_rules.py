"""Rules for markdown-it that find the lines of text and tables, and do not read their contents.

Most lines of a note begin with a letter, where markdown-it's own rules fail one after the other,
and it parses the contents of a block before it knows its kind. These rules take half the time.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import (
    StateBlock,
    blockquote,
    fence,
    heading,
    hr,
    html_block,
    list_block,
    table,
)
from mdit_py_plugins.dollarmath.index import math_block_dollar


class TooManyBlocksError(Exception):
    """Markdown with more blocks than it may have."""


Rule = Callable[[StateBlock, int, int, bool], bool]

# The first signs of a block other than a paragraph.
_SIGNS = frozenset(string.punctuation + string.digits) - frozenset("\"'(,./;?@!%&\\^[]{}")
# More lists or looks than any note has are read as text or in pieces: a list takes 60 µs, ten of
# them may open on one line, and each quote looks at all lines up to a blank one.
_MOST_LISTS = 15_000
_MOST_LOOKS = 150_000
_LINES_OF_PIECE = 20
_FORMULA = math_block_dollar(allow_blank_lines=True)
_NAMES = ("fence", "blockquote", "hr", "list", "html_block", "heading")
_DELIMITERS = frozenset("|-:")
_CODE_INDENT = 4


def _read_quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a quote; in pieces where a thousand quotes have looked at the same lines."""
    if state.env.get("looks", 0) > _MOST_LOOKS:
        end = min(end, start + _LINES_OF_PIECE)
    return blockquote(state, start, end, silent)


def _read_math(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a formula between `$$`; each without an end looks at all lines that follow."""
    looks = state.env.get("looks for $$", 0)
    if looks > _MOST_LOOKS:
        end = min(end, start + _LINES_OF_PIECE)
    if _FORMULA(state, start, end, silent):
        return True
    if state.src.startswith("$$", state.bMarks[start] + state.tShift[start]):
        state.env["looks for $$"] = looks + end - start
    return False


def _read_list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a list, unless there were more than a person writes."""
    if not silent and state.env.get("lists", 0) >= _MOST_LISTS:
        return False
    found = list_block(state, start, end, silent)
    if found and not silent:
        state.env["lists"] = state.env.get("lists", 0) + 1
    return found


# CommonMark's own rules with the signs that each begins with, in its order. The first three end a
# list item too, all of them a paragraph or a quote.
_RULES: tuple[tuple[Rule, str], ...] = (
    (fence, "`~"),
    (_read_quote, ">"),
    (hr, "-*_"),
    (_read_list, "-+*" + string.digits),
    (html_block, "<"),
    (heading, "#"),
)


def use_fast_rules(parser: MarkdownIt) -> None:
    """Replace the rules of CommonMark by these; a block that they find is a single token."""
    ruler = parser.block.ruler
    ruler.at("table", _read_table, {"alt": ["paragraph", "reference"]})
    ruler.before("table", "plain text", _read_plain_text)
    ruler.at("lheading", _read_text)
    ruler.at("math_block", _read_math)
    ruler.after(
        "code", "marked", _by_sign(_RULES), {"alt": ["paragraph", "reference", "blockquote"]}
    )
    ruler.after("marked", "end of item", _only_silent(_by_sign(_RULES[:3])), {"alt": ["list"]})
    # The definition of a reference is text like any other here.
    ruler.disable([*_NAMES, "reference"])


def _by_sign(rules: Sequence[tuple[Rule, str]]) -> Rule:
    """Return a rule that tries only those rules whose blocks may begin with a line's first sign."""
    known: dict[str, tuple[Rule, ...]] = {}
    for rule, signs in rules:
        for sign in signs:
            known[sign] = (*known.get(sign, ()), rule)

    def read_marked(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        if silent and state.parentType == "blockquote":
            state.env["looks"] = state.env.get("looks", 0) + 1
        return any(
            rule(state, start, end, silent) for rule in known.get(_first_sign(state, start), ())
        )

    return read_marked


def _only_silent(rule: Rule) -> Rule:
    """Return a rule that ends other blocks as `rule` does, and reads none."""
    return lambda state, start, end, silent: silent and rule(state, start, end, silent)


def _read_plain_text(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a paragraph by its first sign, before any other rule is tried."""
    # A block has two tokens at most: where it opens, and where it closes.
    if len(state.tokens) > 2 * state.env["most"]:
        raise TooManyBlocksError
    if state.sCount[start] - state.blkIndent >= _CODE_INDENT:
        return False
    if _first_sign(state, start) in _SIGNS or _may_head_table(state, start, end):
        return False
    return _read_text(state, start, end, silent)


def _read_text(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read the lines of a paragraph, or of a heading where `===` or `---` follows them."""
    rules = state.md.block.ruler.getRules("paragraph")
    around, state.parentType = state.parentType, "paragraph"
    line, mark = start + 1, None
    while line < end and not state.isEmpty(line):
        if 0 <= state.sCount[line] < state.blkIndent + _CODE_INDENT:
            sign = _first_sign(state, line)
            mark = _underline(state, line, sign)
            if mark or (
                (sign in _SIGNS or _may_head_table(state, line, end))
                and any(rule(state, line, end, True) for rule in rules)
            ):
                break
        line += 1
    state.parentType = around
    state.line = line + 1 if mark else line
    token = state.push("heading" if mark else "paragraph", "", 0)
    token.map = [start, state.line]
    token.markup = mark or ""
    return True


def _underline(state: StateBlock, line: int, sign: str) -> str | None:
    """Return the sign with which a line underlines a heading above; None for another line."""
    if sign not in ("-", "=") or state.sCount[line] < state.blkIndent:
        return None
    text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
    return sign if not text.rstrip(" \t").strip(sign) else None


def _read_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a table, which CommonMark's own rule finds by its head, without its cells."""
    if not _may_head_table(state, start, end) or not table(state, start, end, True):
        return False
    if silent:
        return True
    around, state.parentType = state.parentType, "table"
    rules = state.md.block.ruler.getRules("blockquote")
    opened = state.push("table_open", "table", 1)
    _push_row(state, start)
    line = start + 2
    while line < end and not state.isEmpty(line):
        indent = state.sCount[line] - state.blkIndent
        if not 0 <= indent < _CODE_INDENT:
            break
        if _first_sign(state, line) in _SIGNS and any(
            rule(state, line, end, True) for rule in rules
        ):
            break
        _push_row(state, line)
        line += 1
    opened.map = [start, line]
    state.push("table_close", "table", -1)
    state.parentType = around
    state.line = line
    return True


def _push_row(state: StateBlock, line: int) -> None:
    state.push("row", "", 0).map = [line, line + 1]


def _may_head_table(state: StateBlock, line: int, end: int) -> bool:
    return line + 1 < end and _first_sign(state, line + 1) in _DELIMITERS


def _first_sign(state: StateBlock, line: int) -> str:
    """Return the first sign of a line after its white space; "" for an empty line."""
    at = state.bMarks[line] + state.tShift[line]
    return state.src[at] if at < state.eMarks[line] else ""
