"""Write what stands in a line of a note as HTML: words, marks, links, images, formulas.

Nothing of the note comes into the page but escaped texts and what is written here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence

from markdown_it.token import Token
from markupsafe import Markup, escape

from notesearch.web.note.formulas import formula_html
from notesearch.web.note.note_links import LinkWriter
from notesearch.web.note.note_text import HIDDEN_PIPE

# Tags of HTML that are kept, without their attributes, where they pair.
_KEPT = frozenset(
    ("b", "strong", "i", "em", "u", "s", "del", "ins", "sub", "sup", "mark", "small", "kbd", "code",
     "samp", "var", "cite", "q")
)  # fmt: skip
_INLINE = _KEPT | frozenset(("a", "abbr", "acronym", "bdi", "bdo", "big", "center", "data", "dfn",
                             "font", "nobr", "span", "strike", "time", "tt", "wbr"))  # fmt: skip
_PLAIN: Mapping[str, Markup] = {
    "em_open": Markup("<em>"), "em_close": Markup("</em>"),
    "strong_open": Markup("<strong>"), "strong_close": Markup("</strong>"),
    "s_open": Markup("<s>"), "s_close": Markup("</s>"),
    "mark_open": Markup("<mark>"), "mark_close": Markup("</mark>"),
    "softbreak": Markup("\n"), "hardbreak": Markup("<br>"),
}  # fmt: skip
_LINK_END = Markup("</a>")
_CELL_BORDER = Markup(" │ ")
_ATTRIBUTE = re.compile(
    r"(?<![\w-])(href|src|alt|width)\s*=\s*(?:\"([^\"<>]*)\"|'([^'<>]*)'|([^\s\"'<>]+))",
    re.IGNORECASE,
)


def unhidden(text: str) -> str:
    """Return a text of a token as the note has it."""
    return text.replace(HIDDEN_PIPE, "|")


def plain_text(children: Sequence[Token]) -> str:
    """Return the words of a line, without links, marks and tags."""
    words = []
    for token in children:
        if token.type in ("text", "code_inline", "formula"):
            words.append(token.content)
        elif token.type == "wikilink":
            words.append(token.info or token.content)
        elif token.type in ("softbreak", "hardbreak", "tag"):
            words.append(" ")
        elif token.type == "image":
            words.append(plain_text(token.children or ()))
    return " ".join(unhidden("".join(words)).split())


def inline_html(children: Sequence[Token], links: LinkWriter) -> Markup:
    """Return the HTML of what stands in a line."""
    return _Line(children, links).write()


class _Line:
    """Writes one line, from left to right."""

    def __init__(self, children: Sequence[Token], links: LinkWriter) -> None:
        self._children = children
        self._links = links
        self._out: list[Markup] = []
        self._closing: list[Markup] = []  # of the links that are open
        self._paired = _pair_tags(children)
        self._has_words = False
        self._is_broken = False  # does a new line begin before the next word?

    def write(self) -> Markup:
        for at, token in enumerate(self._children):
            written = self._token(at, token)
            if written.strip():
                if self._is_broken:
                    self._out.append(Markup("<br>"))
                self._is_broken, self._has_words = False, True
            if written:
                self._out.append(written)
        return Markup("").join([*self._out, *reversed(self._closing)])

    def _token(self, at: int, token: Token) -> Markup:
        kind = token.type
        if kind == "text":
            return escape(unhidden(token.content))
        if kind in _PLAIN:
            return _PLAIN[kind]
        if kind == "formula":
            return formula_html(unhidden(token.content))
        if kind == "code_inline":
            return Markup("<code>{}</code>").format(unhidden(token.content))
        if kind == "link_open":
            return self._open(self._links.opening(unhidden(str(token.attrGet("href") or ""))))
        if kind == "link_close":
            return self._close()
        if kind == "image":
            return self._image(token)
        if kind in ("wikilink", "embed"):
            return self._wikilink(token)
        if kind == "tag":
            return self._tag(at, token)
        if kind == "footnote_ref":
            return Markup("") if self._closing else _footnote_mark(token)
        return escape(unhidden(token.content))

    def _open(self, tag: Markup | None) -> Markup:
        if _LINK_END in self._closing:  # an address among the words of a link
            self._closing.append(Markup(""))
            return Markup("")
        self._closing.append(Markup("</span>") if tag is None else _LINK_END)
        return Markup('<span class="no-link">') if tag is None else tag

    def _anchor(self, values: Mapping[str, str]) -> Markup:
        if "href" in values:
            return self._open(self._links.opening(values["href"]))
        self._closing.append(Markup(""))
        return Markup("")

    def _close(self) -> Markup:
        return self._closing.pop() if self._closing else Markup("")

    def _image(self, token: Token) -> Markup:
        target = unhidden(str(token.attrGet("src") or ""))
        # `![alt|300](path)`: the width stays beside the words
        caption = unhidden(plain_text(token.children or ()))
        return self._links.image(target, caption, in_link=bool(self._closing))

    def _wikilink(self, token: Token) -> Markup:
        name, shown = unhidden(token.content), unhidden(token.info)
        if token.type == "embed" and "." in name.rpartition("/")[2]:
            return self._links.image(name, shown, in_link=bool(self._closing))
        note, _, heading = name.partition("#")
        shown = shown or " › ".join(filter(None, (note, *heading.lstrip("^").split("#"))))
        tag = None if self._closing else self._links.opening_of_name(name)
        return self._open(tag) + escape(shown) + self._close()

    def _tag(self, at: int, token: Token) -> Markup:
        name, closes = token.tag, bool(token.markup)
        if name == "br":
            return Markup("<br>")
        if name == "img":
            values = _attributes(token.content)
            caption = values.get("alt", "")
            width = values.get("width", "").removesuffix("px")
            return self._links.image(
                values.get("src", ""), f"{caption}|{width}", in_link=bool(self._closing)
            )
        if name in ("td", "th"):
            return Markup("") if closes else _CELL_BORDER
        if name not in _INLINE:
            self._is_broken = self._has_words
            return Markup("")
        if at not in self._paired:
            return Markup("")
        if name == "a":
            return self._close() if closes else self._anchor(_attributes(token.content))
        return Markup("</{}>" if closes else "<{}>").format(Markup(name))


def _attributes(written: str) -> dict[str, str]:
    """Return the attributes of a tag that are read, their entities as signs."""
    return {
        name.lower(): html.unescape(unhidden(double or single or bare))
        for name, double, single, bare in _ATTRIBUTE.findall(written)
    }


def _pair_tags(children: Sequence[Token]) -> frozenset[int]:
    """Return where the tags stand that open and close something on one level."""
    paired: set[int] = set()
    opened: list[tuple[str, int, int]] = []  # names, places and levels
    waiting: dict[str, int] = {}  # how many of each name are open
    last_link = -1
    links = 0  # that are open, of Markdown
    for at, token in enumerate(children):
        if token.nesting:
            links += token.nesting if token.type.startswith("link") else 0
            while token.nesting < 0 and opened and opened[-1][2] > token.level:
                waiting[opened.pop()[0]] -= 1
        if token.type in ("link_open", "wikilink", "embed", "image"):
            last_link = at
        if token.type != "tag" or token.tag not in (_KEPT | {"a"}):
            continue
        name = token.tag
        if not token.markup:
            if name != "a" or (not links and not waiting.get("a")):
                opened.append((name, at, token.level))
                waiting[name] = waiting.get(name, 0) + 1
        elif waiting.get(name):
            while opened and opened[-1][0] != name:
                waiting[opened.pop()[0]] -= 1
            _, start, level = opened.pop()
            waiting[name] -= 1
            if level == token.level and not (name == "a" and last_link > start):
                paired |= {start, at}
    return frozenset(paired)


def _footnote_mark(token: Token) -> Markup:
    number = token.meta["id"] + 1
    # The note leads back to where it is named first.
    place = Markup(' id="fnref-{}"').format(number) if not token.meta.get("subId") else Markup("")
    return Markup('<sup class="footnote-ref"><a href="#fn-{0}"{1}>{0}</a></sup>').format(
        number, place
    )
