"""Write papers as entries for BibTeX and biber, which show every text as the notes have it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from notesearch.person_names import split_name
from notesearch.render.hit_formats import paper_address
from notesearch.render.terminal import CONTROL_SIGNS, printable
from notesearch.search.snippets import mark_words

if TYPE_CHECKING:
    from notesearch.papers import Paper

# A brace counts for BibTeX even behind a backslash, so braces are written by name.
_COMMANDS = {
    **{sign: f"\\{sign}" for sign in "&%$#_"},
    "{": r"{\textbraceleft}",
    "}": r"{\textbraceright}",
    "\\": r"{\textbackslash}",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
    "<": r"{\textless}",
    ">": r"{\textgreater}",
    "|": r"{\textbar}",
    "`": r"{\textasciigrave}",
    "ß": r"{\ss}", "æ": r"{\ae}", "Æ": r"{\AE}", "œ": r"{\oe}", "Œ": r"{\OE}", "ø": r"{\o}",
    "Ø": r"{\O}", "ł": r"{\l}", "Ł": r"{\L}", "ı": r"{\i}", "å": r"{\aa}", "Å": r"{\AA}",
}  # fmt: skip
# BibTeX sorts and cuts by bytes, so letters with an accent are commands, which biber reads too.
# Letters of other scripts stand for themselves.
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u0304": "=",
    "\u0307": ".", "\u0306": "u ", "\u030a": "r ", "\u030b": "H ", "\u030c": "v ", "\u0327": "c ",
    "\u0328": "k ", "\u0323": "d ", "\u0331": "b ",
}  # fmt: skip
_NO_ADDRESS = re.compile(rf"[{{}}\\\"<>^`|\s]|[^\x00-\x7f]|{CONTROL_SIGNS.pattern}")
_SENTENCE_SIGNS = ".,:;!?"
_WORD = re.compile(r"\S+")
# What a style would write small, and must not: GPT-4, ImageNet, R1, Q; but not A.
_CAPITALS = re.compile(r"\w[A-Z]|[A-Z]\d|\b[B-Z]\b")


def bibtex_entry(paper: Paper) -> str:
    """Write an entry of the kind `misc`, since notes do not say where a paper was published."""
    fields = "".join(f"  {name} = {{{value}}},\n" for name, value in _fields(paper))
    return f"@misc{{{paper.key},\n{fields}}}"


def _fields(paper: Paper) -> Iterator[tuple[str, str]]:
    if paper.authors:
        names = [*map(_author, paper.authors), *(["others"] if paper.and_others else [])]
        yield "author", " and ".join(names)
    yield "title", _title(readable_title(paper))
    if paper.year:
        yield "year", f"{paper.year:04}"
    ids = ids_by_scheme(paper)
    if "arxiv" in ids:
        yield "eprint", plain_address(ids["arxiv"])
        yield "archiveprefix", "arXiv"
    if "doi" in ids:
        yield "doi", plain_address(ids["doi"])
    if address := address_of(paper):
        yield "url", address


def ids_by_scheme(paper: Paper) -> dict[str, str]:
    """Return the ids of a paper by their schemes; the first where there are several of one."""
    split = (identity.partition(":") for identity in reversed(paper.ids))
    return {scheme: name for scheme, _, name in split}


def address_of(paper: Paper) -> str | None:
    """Return the web address of a paper: that of an id, or else the link of its note."""
    found = next(filter(None, map(paper_address, paper.ids)), paper.link)
    return plain_address(found) if found else None


def plain_address(address: str) -> str:
    """Return an address without signs that could end a field: those are written as %7B."""
    return _NO_ADDRESS.sub(lambda found: quote(found[0], errors="replace"), address)


def readable_title(paper: Paper) -> str:
    """Return the title as a reader sees it: a formula in it as plain signs."""
    title = paper.title
    if "$" in title or "\\" in title:
        title = "".join(piece.text for piece in mark_words(title, ""))
    return " ".join(printable(title).split())


def _author(author: str) -> str:
    name = split_name(author)
    if name.is_whole:
        return f"{{{_text(name.family)}}}"
    family = " ".join(filter(None, (name.particle, name.family)))
    parts = (family, name.suffix, name.given) if name.suffix else (family, name.given)
    return ", ".join(map(_text, parts))


def _title(title: str) -> str:
    return _WORD.sub(lambda word: _kept(word[0]), title)


def _kept(word: str) -> str:
    """Write a word of a title so that no style writes its capitals small."""
    kept = word.rstrip(_SENTENCE_SIGNS)  # a style has to see the colon before a subtitle
    text, end = _text(kept), _text(word[len(kept) :])
    if not _CAPITALS.search(kept):
        return text + end
    # Styles write small what stands in one pair of braces behind a backslash.
    return f"{{{{{text}}}}}{end}" if text.startswith("\\") else f"{{{text}}}{end}"


def _text(text: str) -> str:
    """Write a text so that LaTeX shows it as it is."""
    plain = " ".join(unicodedata.normalize("NFC", printable(text)).split())
    return "".join(map(_sign, plain))


def _sign(sign: str) -> str:
    if sign.isascii() or sign in _COMMANDS:
        return _COMMANDS.get(sign, sign)
    decomposed = unicodedata.normalize("NFD", sign)
    letter, accent = decomposed[0], _ACCENTS.get(decomposed[1:])
    return f"{{\\{accent}{letter}}}" if accent and letter.isascii() else sign
