"""Read the Markdown of a note into tokens: CommonMark with what notes write beside it.

Tables, footnotes, formulas, wikilinks, callouts, bare addresses and highlights are read; tags of
HTML are tokens, which the writer of the page shows or leaves out, and never lets through.
"""

from __future__ import annotations

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_ref

from notesearch.corpus.markdown_blocks import is_setext_trap
from notesearch.corpus.search_text.latex import is_inline_math
from notesearch.html_elements import ELEMENTS
from notesearch.web.note.note_text import HIDDEN_PIPE

# Lists and quotes in each other; deeper ones are text. Each list is two levels, list and item.
_DEEPEST = 40
_NESTING = _DEEPEST + 20  # where markdown-it would leave out the rest

# `\\[` is how `\[` is written where Markdown would take its backslash away.
_CLOSERS = (("$$", "$$"), ("\\\\[", "\\\\]"), ("\\[", "\\]"), ("<!--", "-->"))
_ENVIRONMENT = re.compile(
    r"\\begin\{((?:equation|align|alignat|aligned|gather|gathered|multline|eqnarray|displaymath"
    r"|math|split|cases|array|[bBpvV]?matrix)\*?)\}"
)
_SCRIPT = re.compile(r"<(script|style)\b", re.IGNORECASE)
_AFTER_FORMULA = re.compile(r"[ \t]*([.,;:]?)[ \t]*\Z")

_LONGEST_FORMULA = 5000
# Each body ends where another formula could begin: no stretch is looked at twice.
_FORMULA = re.compile(
    r"\$\$(?P<display>(?:[^$\\]|\\.)+)\$\$"
    r"|\$(?P<inline>`[^`$\n]+`|(?:[^$\n\\`]|\\.)+)\$(?=(?P<after>.?))"
    r"|\\\\?\((?P<round>(?:[^\\]|\\[^(\)])+?)\\\\?\)"
    r"|\\\\?\[(?P<square>(?:[^\\]|\\[^\[\]])+?)\\\\?\]",
    re.DOTALL,
)
_MATH_SIGN = re.compile(r"[\\^_{}]")
_NO_LETTERS_BUT_NAMES = re.compile(r"(?!.*[^\W\d_]{2})(?:\s|.*[=<>+|])", re.DOTALL)
_WORDS = re.compile(r"[^\W\d_]{4,}\s+[^\W\d_]{2,}")
_ADDRESS = re.compile(r"https?://[^\s<>\"`|" + HIDDEN_PIPE + r"\\^{}]{1,4000}", re.IGNORECASE)
_SCHEME = re.compile(r"(?<![^\W_])(https?)\Z", re.IGNORECASE)
_AFTER_ADDRESS = ".,:;!?*_~'\"]"
_WIKILINK = re.compile(
    rf"(!?)\[\[([^\[\]\n|{HIDDEN_PIPE}]*)(?:[|{HIDDEN_PIPE}]([^\[\]\n]*))?\]\](?!\()"
)
_HIDDEN = re.compile(
    r"<!--(?:(?!<!--).)*?-->|<(script|style)\b[^<>]*>(?:(?!<\1).)*?</\1\s*>"
    r"|%%[^%\n]*%%|\{%[^%\n{}]*%\}",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(r"<(/?)([A-Za-z][\w:-]*)((?:\s[^<>]*|/)?)>")
_HIGHLIGHT = re.compile(r"==([^\s=](?:[^=]*[^\s=])?)==(?![\w=])")
_FOOTNOTE_MARK = re.compile(r"\[\^[^\[\]\s]{1,100}\]")
_CALLOUT = re.compile(r"\[!([A-Za-z][\w -]{0,30})(?:\|[^\]\n]*)?\][-+]?[ \t]*([^\n]*)\n?")


class _NoteMarkdown(MarkdownIt):
    """Leaves all addresses as they are written: the writer of the page judges them."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - markdown-it's name
        return True

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        return url

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802
        return link


def parse_note(markdown: str) -> list[Token]:
    """Return the tokens of a note; the maps of blocks are positions of lines."""
    return _parser().parse(markdown, {})


@cache
def _parser() -> MarkdownIt:
    parser = _NoteMarkdown("commonmark", {"maxNesting": _NESTING, "html": False})
    parser.enable(["table", "strikethrough"])
    parser.use(footnote_plugin, inline=False)
    block, inline = parser.block.ruler, parser.inline.ruler
    block.disable("html_block")
    block.before("table", "too deep", _read_deep)
    ends = ["paragraph", "reference", "blockquote", "list"]
    block.before("table", "stretch", _read_stretch, {"alt": ends})
    inline.before("escape", "formula", _read_formula)
    inline.before("link", "wikilink", _read_wikilink)
    inline.before("link", "address", _read_address)
    inline.before("link", "hidden", _read_hidden)
    inline.before("link", "highlight", _read_highlight)
    inline.after("autolink", "tag", _read_tag)
    inline.at("footnote_ref", _read_footnote_mark)
    parser.core.ruler.after("block", "callouts", _find_callouts)
    parser.core.ruler.after("block", "sentences", _mend_sentences)
    return parser


# ---------------------------------------------------------------- blocks


def _read_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read what is too deep as text."""
    if state.level < _DEEPEST or silent:
        return False
    state.line = start + 1
    while state.line < end and not state.isEmpty(state.line):
        state.line += 1
    text = state.getLines(start, state.line, state.blkIndent, False).strip()
    state.push("paragraph_open", "p", 1).map = [start, state.line]
    state.push("inline", "", 0).content = text
    state.tokens[-1].map = [start, state.line]
    state.tokens[-1].children = []
    state.push("paragraph_close", "p", -1)
    return True


def _read_stretch(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a formula on lines of its own, or what no reader sees: a comment, a script."""
    at = state.bMarks[start] + state.tShift[start]
    if state.src[at : at + 1] not in ("$", "\\", "<") or state.is_code_block(start):
        return False
    found = _delimiters_at(state.src, at)
    if found is None:
        return False
    opener, closer = found
    close = _find_closer(state, closer, at + len(opener), state.eMarks[end - 1])
    if close < 0:
        return False
    line = start
    while state.eMarks[line] < close:
        line += 1
    rest = state.src[close + len(closer) : state.eMarks[line]]
    if opener.startswith("<"):
        kind, stop = "hidden", ""
        if rest.strip(" \t>"):
            return False  # text behind it: hidden in its paragraph
    else:
        after = _AFTER_FORMULA.match(rest)
        body = state.getLines(start, line + 1, state.blkIndent, False).strip()
        body = body[: body.rfind(closer)].removeprefix(opener)
        if after is None or (opener.endswith("[") and not _is_formula(body)) or not body.strip():
            return False
        kind, stop = "formula_block", after[1]
    if silent:
        return True
    token = state.push(kind, "", 0)
    token.map = [start, line + 1]
    if kind != "hidden":
        is_environment = opener.startswith("\\begin")
        token.content = f"{opener}{body}{closer}" if is_environment else body
        token.content += stop
    state.line = line + 1
    return True


def _delimiters_at(src: str, at: int) -> tuple[str, str] | None:
    for opener, closer in _CLOSERS:
        if src.startswith(opener, at):
            return opener, closer
    if environment := _ENVIRONMENT.match(src, at):
        return environment[0], f"\\end{{{environment[1]}}}"
    if script := _SCRIPT.match(src, at):
        return script[0], f"</{script[1]}>"
    return None


def _find_closer(state: StateBlock, closer: str, start: int, end: int) -> int:
    """Return where a closer stands next, or -1; each stretch of the note is looked at once."""
    known: dict[str, tuple[int, int]] = state.env.setdefault("closers", {})
    asked, found = known.get(closer, (0, -2))
    if not (asked <= start and (start <= found or found == -1)):
        found = state.src.find(closer, start)
        known[closer] = (start, found)
    return found if 0 <= found < end else -1


def _find_callouts(state: StateCore) -> None:
    """Take the head off the quotes that are callouts of an editor: `> [!note] Title`."""
    tokens: list[Token] = []
    for token in state.tokens:
        is_first = len(tokens) > 1 and tokens[-2].type == "blockquote_open"
        if token.type == "inline" and is_first and (head := _CALLOUT.match(token.content)):
            tokens[-2].info = head[1].strip().lower()
            title = head[2].strip() or head[1].strip().capitalize()
            tokens[-1].info, tokens[-1].meta = "callout-title", {"kind": tokens[-2].info}
            tokens.append(_like(token, title))
            token.content = token.content[head.end() :]
            if token.content:
                tokens += [Token("paragraph_close", "p", -1), Token("paragraph_open", "p", 1)]
                tokens[-1].map = token.map
                tokens.append(token)
        else:
            tokens.append(token)
    state.tokens = tokens


def _mend_sentences(state: StateCore) -> None:
    """Make paragraphs of sentences that only look like headings, for the rule below them."""
    lines = state.src.split("\n")
    tokens: list[Token] = []
    is_trap = False
    for token in state.tokens:
        if token.type == "heading_open":
            is_trap = is_setext_trap(token, lines)
        if is_trap and token.type in ("heading_open", "heading_close"):
            token.type, token.tag = token.type.replace("heading", "paragraph"), "p"
        tokens.append(token)
        if is_trap and token.type == "paragraph_close":
            tokens.append(Token("hr", "hr", 0))
            is_trap = False
    state.tokens = tokens


def _like(token: Token, content: str) -> Token:
    inline = Token("inline", "", 0)
    inline.content, inline.map, inline.children = content, token.map, []
    return inline


# ---------------------------------------------------------------- in a line


def _read_formula(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    found = _FORMULA.match(state.src, state.pos, state.posMax)
    if found is None or found.end() - found.start() > _LONGEST_FORMULA:
        return False
    kind = found.lastgroup if found.lastgroup != "after" else "inline"
    body = found[kind or "inline"]
    if kind == "inline":
        is_formula = is_inline_math(body, found["after"]) and not (
            _MATH_SIGN.search(body) is None and _WORDS.search(body)
        )
        body = body.strip("`") if body.startswith("`") else body
    else:
        is_formula = kind == "display" or _is_formula(body)
    if not is_formula:
        return False
    if not silent:
        token = state.push("formula", "", 0)
        token.content = body
    state.pos = found.end()
    return True


def _is_formula(body: str) -> bool:
    """Return whether what stands in escaped brackets is a formula, and no word or link."""
    if "](" in body or "://" in body:
        return False
    return bool(_MATH_SIGN.search(body) or _NO_LETTERS_BUT_NAMES.match(body))


def _read_wikilink(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "[!" or state.linkLevel:
        return False
    found = _WIKILINK.match(state.src, state.pos, state.posMax)
    if found is None or not found[2].strip():
        return False
    if not silent:
        token = state.push("embed" if found[1] else "wikilink", "", 0)
        token.content = found[2].strip().removesuffix("\\")
        token.info = (found[3] or "").strip()
    state.pos = found.end()
    return True


def _read_address(state: StateInline, silent: bool) -> bool:
    """Read `https://…` in a text, whose letters before the colon are read already."""
    if state.src[state.pos] != ":" or state.linkLevel or silent:
        return False
    scheme = _SCHEME.search(state.pending[-len(" https") :])
    if scheme is None:
        return False
    start = state.pos - len(scheme[1])
    found = _ADDRESS.match(state.src, start, state.posMax)
    if found is None:
        return False
    address = found[0].rstrip(_AFTER_ADDRESS)
    while address.endswith(")") and address.count("(") < address.count(")"):
        address = address[:-1].rstrip(_AFTER_ADDRESS)
    if address.endswith("//"):
        return False
    state.pending = state.pending[: -len(scheme[1])]
    opened = state.push("link_open", "a", 1)
    opened.attrs = {"href": address}
    state.push("text", "", 0).content = address
    state.push("link_close", "a", -1)
    state.pos = start + len(address)
    return True


def _read_footnote_mark(state: StateInline, silent: bool) -> bool:
    """Read `[^1]`; the plugin looks for its end through the whole text."""
    is_mark = _FOOTNOTE_MARK.match(state.src, state.pos, state.posMax)
    return bool(is_mark) and footnote_ref(state, silent)


def _read_hidden(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "<%{":
        return False
    found = _HIDDEN.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    state.pos = found.end()
    return True


def _read_highlight(state: StateInline, silent: bool) -> bool:
    start, most = state.pos, state.posMax
    if state.src[start] != "=" or (start and (state.src[start - 1]).isalnum()):
        return False
    found = _HIGHLIGHT.match(state.src, start, most)
    if found is None:
        return False
    if not silent:
        state.push("mark_open", "mark", 1)
        state.pos, state.posMax = found.start(1), found.end(1)
        state.md.inline.tokenize(state)
        state.push("mark_close", "mark", -1)
    state.pos, state.posMax = found.end(), most
    return True


def _read_tag(state: StateInline, silent: bool) -> bool:
    """Read a tag of HTML; `<think>` and `Vec<T>` are none."""
    if state.src[state.pos] != "<":
        return False
    found = _TAG.match(state.src, state.pos, state.posMax)
    if found is None or found[2].lower() not in ELEMENTS:
        return False
    if not silent:
        token = state.push("tag", found[2].lower(), 0)
        token.markup, token.content = found[1], found[3]
    state.pos = found.end()
    return True
