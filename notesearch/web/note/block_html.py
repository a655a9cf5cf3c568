"""Write the blocks of a note as HTML: headings, paragraphs, lists, tables, code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markdown_it.token import Token
from markupsafe import Markup

from notesearch.records import Role
from notesearch.section_roles import roles_of, roles_of_line
from notesearch.web.note.formulas import formula_html
from notesearch.web.note.inline_html import inline_html, plain_text, unhidden
from notesearch.web.note.note_links import LinkWriter, heading_id

_SIMPLE = frozenset(
    ("blockquote", "bullet_list", "list_item", "table", "thead", "tbody", "paragraph", "tr")
)
_TASK = re.compile(r"\[([ xX])\][ \t]+")
_TASK_BOXES = (
    Markup('<span class="task" role="img" aria-label="to do">☐</span> '),
    Markup('<span class="task" role="img" aria-label="done">☑</span> '),
)
_LANGUAGE = re.compile(r"[A-Za-z0-9_+#.-]{1,30}")
_ALIGNED = re.compile(r"text-align:(left|center|right)\Z")
# `**Limitations.** text`, `**Limitations**: text`, or the bold words alone on their line.
_LEAD = re.compile(r"(\*\*|__)(?=[^\s*_])([^*\n]{2,60}?)(?:(?<=[:.])\1|\1:|\1[ \t]*\Z)")
ASKED_ID = "asked"  # of the first element that is asked for


@dataclass(frozen=True, slots=True)
class SectionPlace:
    """A heading of a note as it is shown, or what stands for one, to jump to."""

    id: str
    heading: str
    level: int  # of the heading's element, from 2 to 6; 0 for words that open a paragraph
    roles: tuple[Role, ...]


class Blocks:
    """Writes the blocks of a note, one after the other."""

    def __init__(self, links: LinkWriter, asked: range, shift: int) -> None:
        self.out: list[Markup] = []
        self.sections: list[SectionPlace] = []
        self.shows_asked = False
        self._links = links
        self._asked = asked
        self._shift = shift
        self._ids: dict[str, int] = {}
        self._closing: list[Markup] = []  # of the paragraphs that are open
        self._after_task = False

    def write(self, tokens: Sequence[Token]) -> None:
        """Write all blocks."""
        for at, token in enumerate(tokens):
            self.out += self._token(token, tokens[at + 1 : at + 2])

    def _token(self, token: Token, following: Sequence[Token]) -> Iterator[Markup]:
        kind, _, edge = token.type.rpartition("_")
        if token.type == "inline":
            yield from self._inline(token)
        elif token.type == "heading_open":
            yield self._heading(token, following[0])
        elif token.type == "heading_close":
            yield Markup("</h{}>\n").format(self._level(token))
        elif token.type == "paragraph_open":
            yield self._paragraph(token, following)
        elif token.type == "paragraph_close":
            yield self._closing.pop() if self._closing else Markup("")
        elif kind in _SIMPLE:
            yield self._open(token) if edge == "open" else Markup(f"</{token.tag}>\n")
        elif kind == "ordered_list":
            yield _list_tag(token) if edge == "open" else Markup("</ol>\n")
        elif kind in ("th", "td"):
            yield _cell_tag(token) if edge == "open" else Markup(f"</{kind}>")
        elif token.type in ("fence", "code_block"):
            yield from self._code(token)
        elif token.type == "formula_block":
            formula = formula_html(unhidden(token.content).strip(), display=True)
            yield Markup("{}{}</div>\n").format(self._tag("div", token, "formula"), formula)
        elif token.type == "hr":
            yield Markup("<hr>\n")
        elif token.type.startswith("footnote"):
            yield _footnote_tag(token)

    def _inline(self, token: Token) -> Iterator[Markup]:
        children = token.children or []
        first = children[0] if children else None
        is_text = self._after_task and first and first.type == "text"
        if is_text and first and (task := _TASK.match(first.content)):
            first.content = first.content[task.end() :]
            yield _TASK_BOXES[task[1] != " "]
        self._after_task = False
        yield inline_html(children, self._links)

    def _paragraph(self, token: Token, following: Sequence[Token]) -> Markup:
        words, roles = _lead_of(token, unhidden(following[0].content)) if following else ("", ())
        place = self._new_place(SectionPlace("", words, 0, roles)) if roles else ""
        if not token.hidden:
            self._closing.append(Markup("</p>\n"))
            return self._tag("p", token, token.info, place)
        opened = self._tag("span", token, "", place)
        self._closing.append(Markup("</span>\n") if opened != "<span>" else Markup("\n"))
        return opened if opened != "<span>" else Markup("")

    def _open(self, token: Token) -> Markup:
        self._after_task = token.type == "list_item_open"
        if token.type == "tr_open":
            return self._tag("tr", token)
        if token.type == "blockquote_open" and token.info:
            return Markup('<blockquote class="callout" data-kind="{}">\n').format(token.info)
        return Markup(f"<{token.tag}>")

    def _heading(self, token: Token, inline: Token) -> Markup:
        text = plain_text(inline.children or ())
        level = self._level(token)
        place = self._new_place(SectionPlace("", text, level, roles_of(text)))
        return self._tag(f"h{level}", token, "", place)

    def _new_place(self, section: SectionPlace) -> str:
        """Return an id that no other place has; list the section, if it has words."""
        place = name = heading_id(section.heading)
        while place in self._ids:
            self._ids[name] += 1
            place = f"{name}-{self._ids[name]}"
        self._ids[place] = 1
        if section.heading:
            self.sections.append(replace(section, id=place))
        return place

    def _level(self, token: Token) -> int:
        return min(int(token.tag[1]) + self._shift, 6)

    def _code(self, token: Token) -> Iterator[Markup]:
        content = unhidden(token.content)
        language = _LANGUAGE.match(token.info.strip().lstrip("{."))
        if language and language[0] == "math":
            formula = formula_html(content.strip(), display=True)
            yield Markup("{}{}</div>\n").format(self._tag("div", token, "formula"), formula)
            return
        kind = Markup(' class="language-{}"').format(language[0]) if language else Markup("")
        first = (token.map or [0])[0] + (token.type == "fence")
        lines = content.split("\n")
        start = min(max(self._asked.start - first, 0), len(lines))
        end = min(max(self._asked.stop - first, start), len(lines))
        yield Markup("<pre><code{}>{}").format(kind, _ended(lines[:start]))
        if start < end and token.map and self._asked.start < token.map[1]:
            yield self._tag("span", token)
            yield Markup("{}</span>").format(_ended(lines[start:end]))
        else:
            yield Markup("{}").format(_ended(lines[start:end]))
        yield Markup("{}</code></pre>\n").format("\n".join(lines[end:]))

    def _tag(self, name: str, token: Token, kind: str = "", place: str = "") -> Markup:
        """Return the tag that opens a block, with the class and the id of what is asked for.

        A block with an id of its own has that of what is asked for on an empty element in it.
        """
        lines = token.map or (0, 0)
        is_asked = lines[0] < self._asked.stop and self._asked.start < lines[1]
        is_first = is_asked and not self.shows_asked
        self.shows_asked = self.shows_asked or is_first
        names = " ".join(filter(None, (kind, "asked" if is_asked else "")))
        ids = place or (ASKED_ID if is_first else "")
        tag = Markup("<{}").format(Markup(name))
        tag += Markup(' id="{}"').format(ids) if ids else ""
        tag += Markup(' class="{}"').format(names) if names else ""
        anchor = Markup('<span id="{}"></span>').format(ASKED_ID) if place and is_first else ""
        return tag + Markup(">") + anchor


def _lead_of(paragraph: Token, content: str) -> tuple[str, tuple[Role, ...]]:
    """Return the words that open a paragraph as a heading does, with their roles, or none.

    `**Limitations.** Text`, `TL;DR: text`, the title of a callout.
    """
    line = content.split("\n", 1)[0]
    if "kind" in paragraph.meta:
        return line, roles_of_line(f"[!{paragraph.meta['kind']}]") or roles_of(line)
    if lead := _LEAD.match(line):
        return lead[2].strip(":. "), roles_of(lead[2])
    return "TL;DR", roles_of_line(line)


def _ended(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _list_tag(token: Token) -> Markup:
    start = token.attrGet("start")
    if start is None or not str(start).isdigit():
        return Markup("<ol>")
    return Markup('<ol start="{}">').format(int(start))


def _cell_tag(token: Token) -> Markup:
    aligned = _ALIGNED.match(str(token.attrGet("style") or ""))
    if aligned is None:
        return Markup(f"<{token.tag}>")
    return Markup('<{} class="{}">').format(Markup(token.tag), aligned[1])


def _footnote_tag(token: Token) -> Markup:
    number = token.meta["id"] + 1 if "id" in token.meta else 0
    if token.type == "footnote_block_open":
        return Markup('<hr><ol class="footnotes">\n')
    if token.type == "footnote_block_close":
        return Markup("</ol>\n")
    if token.type == "footnote_open":
        return Markup('<li id="fn-{}">').format(number)
    if token.type == "footnote_close":
        return Markup("</li>\n")
    if token.type == "footnote_anchor" and not token.meta.get("subId"):
        return Markup(' <a href="#fnref-{}" aria-label="back to the text">↩</a>').format(number)
    return Markup("")
