"""Find the paper of a note, and its links: in fields of front matter and in lines of text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from notesearch.corpus.facts.dates import read_year
from notesearch.corpus.facts.front_matter import texts_of
from notesearch.corpus.markdown_lines import ADDRESS
from notesearch.corpus.search_text import word_set
from notesearch.spelling import normalise_paper

PAPER_KEYS = (
    "arxiv", "arxiv_id", "arxivid", "arxiv_url", "arxiv_link", "eprint", "doi", "openreview",
    "openreview_id", "acl", "acl_id", "anthology", "pmid", "pubmed", "paper", "paper_id",
    "paper_url", "paper_link", "url", "link", "links", "pdf", "pdf_url", "source", "source_url",
    "href", "external_url",
)  # fmt: skip
"""Front-matter keys that may name the paper, the most telling first."""


def paper_id_from_value(key: str, value: object) -> str | None:
    """Read the identity from the value of one of PAPER_KEYS."""
    for text in _texts(value):
        if identity := normalise_paper(text):
            return identity
        if key.startswith("openreview") and re.fullmatch(r"[\w-]{5,40}", text):
            return f"openreview:{text}"
        if key in ("pmid", "pubmed") and re.fullmatch(r"[0-9]{4,9}", text):
            return f"pubmed:{text}"
    return None


_YEAR_IN_ID = re.compile(
    r"arxiv:(?:[a-z-]{2,10}/)?(\d\d)\d\d.*|acl:(?:[A-Z](\d\d)-|(\d{4})\.).*"
    r"|(?:pmlr|jmlr):v\d{1,4}/.{1,40}?(\d\d)[a-z]?|(?:cvf|ecva):.{1,200}_(\d{4})"
    r"|usenix:[a-z-]{2,30}(\d\d)/.*"
)


def year_from_id(identity: str) -> int | None:
    """Return the year that an identity carries: `arxiv:2305.18290` is of 2023."""
    match = _YEAR_IN_ID.fullmatch(identity)
    return read_year(next(filter(None, match.groups()))) if match else None


# One level of round brackets may stand in an address, as in …/Foo_(bar).
_URL = re.compile(
    r"https?://(?:[^\s<>\"`{}|()\[\]，。；（）【】「」、《》]+|\([^\s<>\"`{}|()\[\]]*\))+",
    re.IGNORECASE,
)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def links(text: str) -> tuple[str, ...]:
    """Find the http(s) addresses of a text, in their order, each once."""
    found = (_trim_url(match[0]) for match in _URL.finditer(text))
    return tuple(dict.fromkeys(url for url in found if not url.endswith("//")))


def _trim_url(url: str) -> str:
    """Take off what belongs to the sentence: the full stop, quotes, emphasis, escapes."""
    return _ESCAPED.sub(r"\1", url.replace("&amp;", "&")).rstrip(".,;:!?'\"*_~\\’”»…")


def _texts(value: object) -> Iterator[str]:
    """Yield the texts of a front-matter value: itself, or the items of a list."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, float) and 700 < item < 9999.99999:
            # YAML reads `arxiv: 2305.18290` as a number and loses the last zero.
            yield f"{item:.5f}" if item >= 1501 else f"{item:09.4f}"
        else:
            yield from texts_of(item)


# `Paper:`, `**Link to the paper** - `, `[Paper](`, but no `paper by the name of`.
_LABEL = re.compile(
    r"^[\W_]{0,6}(?:paper|link|url|arxiv|pdf|doi|source|original|openreview|reference)s?(?![^\W_])"
    r"(?:\s(?:link|url|pdf|page|id|paper|title|to|the|source)s?\b){0,3}"
    r"[\s*_]{0,4}(?:[:|=/()\[\]<>&+,.–—]|-\s|https?:|\d{4}|10\.\d|$)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(ADDRESS)
PAPER_LINK = re.compile(
    r"\[\s*(?:the )?(?:paper(?: pdf| link)?|pdf|arxiv|abs)\s*\]\((http[^)\s]+)\)", re.IGNORECASE
)
# `[Paper](url) [Code](url)` and `Venue 2024, arXiv:2410.01201`, but no sentence.
_MAX_WORDS_BESIDE = 6
_MAX_NAMES = 60
NAME_PARTICLES = word_set("and et al de del der den di da van von la le")
_SMALL_WORDS = NAME_PARTICLES | word_set("in of on the for")


def is_paper_line(line: str) -> bool:
    """Return whether a line gives a paper's address; prose, or a bullet, may cite another."""
    if _LABEL.match(line) or line.startswith("#"):
        return True
    if line.lstrip().startswith(("- ", "* ", "+ ")):
        return False
    words = _ADDRESS.sub(" ", line).split()
    return len(words) <= _MAX_WORDS_BESIDE or _are_names(words)


def _are_names(words: Sequence[str]) -> bool:
    """Recognise `Olsson, Elhage et al. · 2022 · arXiv:2209.11895` by its capitals."""
    small = [word for word in words if word[0].islower() and not word.lower().startswith("arxiv:")]
    return len(words) <= _MAX_NAMES and all(word.strip(".,") in _SMALL_WORDS for word in small)
