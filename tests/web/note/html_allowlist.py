"""Look for what must not be in a page that is made of a note, by taking its HTML apart."""

from __future__ import annotations

import re
from html.parser import HTMLParser


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


EMPTY = _names("br hr img")
HTML = EMPTY | _names(
    "p h2 h3 h4 h5 h6 blockquote ul ol li table thead tbody tr th td pre code span div a em strong "
    "s b i u del ins sub sup mark small kbd samp var cite q"
)
MATHML = _names(
    "math mrow mi mo mn mtext mspace msub msup msubsup mfrac mover munder munderover msqrt mroot "
    "mtable mtr mtd mstyle mpadded mphantom"
)
OF_MATHML = _names(
    "display form scriptlevel columnalign mathvariant stretchy fence accent accentunder largeop "
    "movablelimits displaystyle width height depth lspace rspace voffset minsize maxsize "
    "linethickness"
)
ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "rel", "class", "id", "aria-label"},
    "img": {"src", "alt", "loading", "width"},
    "span": {"class", "id", "role", "aria-label"},
    "ol": {"start", "class"},
    "li": {"id"},
    "blockquote": {"class", "data-kind"},
    **{tag: {"class"} for tag in ("code", "th", "td", "sup")},
    **{tag: {"class", "id"} for tag in ("p", "div", "tr", "h2", "h3", "h4", "h5", "h6")},
}
ADDRESS = re.compile(r"https?://[^/\s\\]|mailto:[^\s]|#h-|#fn|/note/", re.IGNORECASE)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in HTML | MATHML or (tag == "a" and "a" in self.open):
            self.found.append(f"<{tag}> in {self.open}")
        known = OF_MATHML if tag in MATHML else ATTRIBUTES.get(tag, set())
        for name, value in attrs:
            is_link = name != "href" or ADDRESS.match(value or "")
            is_file = name != "src" or str(value).startswith("/files/")
            if name not in known or not is_link or not is_file:
                self.found.append(f"<{tag} {name}={value!r}>")
            if name == "id":
                self.ids.append(value)
        if "outside" in str(dict(attrs).get("class")):
            self.found += [] if "noopener" in dict(attrs)["rel"] else ["a link without rel"]
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open[-1:] != [tag]:
            self.found.append(f"</{tag}> in {self.open}")
        else:
            self.open.pop()

    def handle_startendtag(self, tag, attrs):
        self.found.append(f"<{tag}/>")

    def handle_comment(self, data):
        self.found.append(f"<!--{data}")

    handle_decl = handle_pi = unknown_decl = handle_comment


def faults_of(html: str) -> list[str]:
    """Return the elements, attributes and addresses that are not allowed, and what never closes."""
    page = _Page()
    page.feed(html)
    page.close()
    twice = [name for name in set(page.ids) if page.ids.count(name) > 1]
    return page.found + [f"<{tag}> never closes" for tag in page.open] + twice
