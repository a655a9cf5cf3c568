"""Write papers as entries for BibTeX and biber, which show every text as the notes have it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from notesearch.bibliography.bib_reader import MONTHS
from notesearch.bibliography.latex_letters import ACCENTS, COMMANDS
from notesearch.person_names import split_name
from notesearch.render.hit_formats import paper_address
from notesearch.render.terminal import CONTROL_SIGNS, printable
from notesearch.search.snippets import mark_words

if TYPE_CHECKING:
    from notesearch.papers import Paper

_NO_ADDRESS = re.compile(rf"[{{}}\\\"<>^`|\s]|[^\x00-\x7f]|{CONTROL_SIGNS.pattern}")
_SENTENCE_SIGNS = ".,:;!?"
_WORD = re.compile(r"\S+")
# What a style would write small, and must not: GPT-4, ImageNet, R1, Q; but not A.
_CAPITALS = re.compile(r"\w[A-Z]|[A-Z]\d|\b[B-Z]\b")


def bibtex_entry(paper: Paper) -> str:
    """Write the person's own entry, or one of the kind `misc`.

    Notes do not say where a paper was published.
    """
    kind = paper.entry.kind if paper.entry else "misc"
    fields = paper.entry.fields if paper.entry else _fields(paper)
    written = "".join(f"  {name} = {_value(name, value)},\n" for name, value in fields)
    return f"@{kind}{{{printable(paper.key)},\n{written}}}"


def _value(name: str, value: str) -> str:
    return value if name == "month" and value in MONTHS else f"{{{printable(value)}}}"


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
        return f"{{{latex_text(name.family)}}}"
    family = " ".join(filter(None, (name.particle, name.family)))
    parts = (family, name.suffix, name.given) if name.suffix else (family, name.given)
    return ", ".join(map(latex_text, parts))


def _title(title: str) -> str:
    return _WORD.sub(lambda word: _kept(word[0]), title)


def _kept(word: str) -> str:
    """Write a word of a title so that no style writes its capitals small."""
    kept = word.rstrip(_SENTENCE_SIGNS)  # a style has to see the colon before a subtitle
    text, end = latex_text(kept), latex_text(word[len(kept) :])
    if not _CAPITALS.search(kept):
        return text + end
    # Styles write small what stands in one pair of braces behind a backslash.
    return f"{{{{{text}}}}}{end}" if text.startswith("\\") else f"{{{text}}}{end}"


def latex_text(text: str) -> str:
    """Write a text so that LaTeX shows it as it is."""
    plain = " ".join(unicodedata.normalize("NFC", printable(text)).split())
    return "".join(map(_sign, plain))


def _sign(sign: str) -> str:
    if sign.isascii() or sign in COMMANDS:
        return COMMANDS.get(sign, sign)
    # BibTeX sorts and cuts by bytes, so letters with an accent are commands, which biber reads too.
    # Letters of other scripts stand for themselves.
    decomposed = unicodedata.normalize("NFD", sign)
    letter, accent = decomposed[0], ACCENTS.get(decomposed[1:])
    return f"{{\\{accent}{letter}}}" if accent and letter.isascii() else sign
