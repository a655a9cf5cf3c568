"""Gather the facts of a note: title, tags, dates, paper, authors, from its head and its lines.

The year of a paper and the date of the note on it are two things; dates.py reads the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, takewhile

from notesearch.corpus.facts.dates import find_date, read_year
from notesearch.corpus.facts.front_matter import texts_of
from notesearch.corpus.facts.papers import (
    NAME_PARTICLES,
    PAPER_KEYS,
    PAPER_LINK,
    is_paper_line,
    links,
    paper_id_from_value,
    year_from_id,
)
from notesearch.corpus.facts.tags import find_tags
from notesearch.corpus.facts.title import Title, is_generic_heading
from notesearch.corpus.markdown_lines import mend_links, plain
from notesearch.corpus.search_text import word_set
from notesearch.records import Facts
from notesearch.spelling import paper_id, paper_ids

_LABELLED_LINK = re.compile(r"\s{0,8}(?:[-*+]\s+)?\*{0,2}" + PAPER_LINK.pattern, re.IGNORECASE)
_HEAD_LINES = 14  # a note names its paper and its date before its text
_LONGEST_HEAD_LINE = 4000

_CITATION_KEYS = (
    "citekey", "cite_key", "citation_key", "citationkey", "bibtex_key", "bibkey", "bib_key",
)  # fmt: skip
# What a note of org-roam is on: `@lee2020 cite:lee2020 https://…`.
_REFERENCE_KEYS = ("roam_refs", "roam_ref", "roam_key")
_A_KEY = re.compile(r"(?=\S*[^\W\d])[^\s@/,;]{2,100}")
_AUTHOR_KEYS = ("authors", "author", "citation_author")
_YEAR_KEYS = (
    "year", "paper_year", "publication_year", "pub_year", "published", "publication_date",
    "date_published", "publication",
)  # fmt: skip  # the most telling first
_LINES_ABOVE_SECTIONS = 6
_LINES_BELOW_LABEL = 3
_MAX_VENUE_LINE = 400  # a longer line is prose

_A_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_YEAR_LINE = re.compile(
    r"^[\W_]{0,8}(?:year|published)[\W_]{0,4}:[\W_]{0,4}((?:19|20)\d\d)\b", re.IGNORECASE
)
_AUTHORS_LINE = re.compile(
    r"^[\W_]{0,8}(?:authors?|by)[\W_]{0,3}:(?:[^\w\[]|_){0,3}(?=[^\W_]|\[)(.{2,400})$"
    r"|^\*{2}By\b[^:]{0,60}:\s*(.{2,400}?)\*{2}$",
    re.IGNORECASE,
)
_AUTHORS_LABEL = re.compile(r"^\W{0,8}authors?\W{0,8}$", re.IGNORECASE)
_NAME = re.compile(r"(?!\d)[\w.'’-]+")
_AFFILIATION = re.compile(r"\s?\([^()]{0,80},[^()]{0,80}\)")  # Ada Lee (Example, Inc.)
_PARTICLES = NAME_PARTICLES | word_set("bin dos el ten y & al.")

_ADDRESS = re.compile(r"https?://\S+")
_QUOTED_TITLE = re.compile(r"\s[\"“][^\"“”]{8,250}[\"”],?\s")
_PROSE = word_set(
    "we this these those is are was were that which has have had can they it you i our"
)
_TWO_DIGITS = re.compile(r"\d\d")
_VENUE_YEAR = re.compile(
    r"(?:.{0,120}[^\d])?((?:19|20|21)\d\d)"
    r"(?:\s(?:version|preprint|workshop|oral|spotlight)(?:\son\s.{1,60})?|\)\s[\d:–-]{1,20})?"
    r"|.{1,40}[A-Za-z]\s?['’](\d\d)",
    re.IGNORECASE,
)
# No sentence ends like this: with it, `But is it Good?` is the title of a paper.
_REFERENCE_END = re.compile(r"[A-Z][\w&'’-]*(?:\s[A-Z][\w&'’-]*){0,3}\s(?:19|20)\d\d")
# An initial's full stop ends no part.
_END_OF_PART = re.compile(r"[,;]\s|(?<!\b[A-Z])\.\s|[,;.]$")
# The first sentence of `Ada B. Lee, Bo Chen. ICLR 2020`.
_FIRST_SENTENCE = re.compile(r"^.{2,300}?(?:(?<!\b[A-Z])\.(?=\s|$)|(?=\s[\"“]))")
_ET_AL = re.compile(r",?\s+(?:and\s+)?et\.?\s?al\b.*", re.IGNORECASE)
_NO_AUTHOR = re.compile(
    r"\b(?i:arxiv|magazine|journal|sciences?|transactions|proceedings|conference|workshop|"
    r"review|university|research|labs?|letters|press|institute|nature|preprint|computation|"
    r"computing|learning|intelligence|vision|language|systems|networks?|models?|reports?)\b"
    r"|\b[A-Z]{3,}\b|^AI\b"
)


def read_facts(
    path: str,
    fields: Mapping[str, object],
    markup: Sequence[str],
    title: Title,
    *,
    inline_tags: bool = False,
    is_part: bool = False,
) -> Facts:
    """Gather the facts of one note from its front matter `fields` and its Markdown lines.

    The first line of a part of a digest names its paper, however much else is in it.
    """
    texts = islice((line for line in markup if line.strip()), _HEAD_LINES)
    head = [line[:_LONGEST_HEAD_LINE] for line in texts]
    paper = _paper(fields, head, title, is_part=is_part) or _labelled_paper(markup)
    given = (link for key in PAPER_KEYS for link in links(str(fields.get(key, ""))))
    written = (link for line in markup if "://" in line for link in links(line))
    return Facts(
        tags=find_tags(fields, markup, inline_tags=inline_tags),
        date=find_date(path, fields, head),
        year=_year(fields, head, title, paper),
        paper=paper,
        links=tuple(dict.fromkeys([*given, *written])),
        authors=_authors(fields, head),
        aliases=(
            *texts_of(fields.get("aliases")),
            *texts_of(fields.get("alias")),
            *_citation_keys(fields),
        ),
    )


def _citation_keys(fields: Mapping[str, object]) -> tuple[str, ...]:
    """Return the keys by which the paper is cited, each as it is written in a text: `@lee2020`."""
    given = [text for key in _CITATION_KEYS for text in texts_of(fields.get(key))]
    for key in _REFERENCE_KEYS:
        words = str(fields.get(key, "")).split()
        given += [word.removeprefix("cite:") for word in words if word.startswith(("@", "cite:"))]
    keys = (text.lstrip("@&") for text in given)
    return tuple(dict.fromkeys(f"@{key}" for key in keys if _A_KEY.fullmatch(key)))


def _paper(
    fields: Mapping[str, object], head: Sequence[str], title: Title, *, is_part: bool
) -> str | None:
    """Identify the paper: by a field, the title's link, or a line that is mostly its link."""
    for key in PAPER_KEYS:
        if found := paper_id_from_value(key, fields.get(key)):
            return found
    if found := paper_id(title.link or ""):
        return found
    for number, line in enumerate(map(mend_links, head)):
        if (is_part and number == 0) or is_paper_line(line):
            labelled = PAPER_LINK.search(line)
            if found := (paper_id(labelled[1]) if labelled else None) or paper_id(line):
                return found
    # Copied text has no links left: the only paper that a part names is its own.
    named = {identity for line in head for identity in paper_ids(line)} if is_part else set()
    return named.pop() if len(named) == 1 else None


def _labelled_paper(markup: Sequence[str]) -> str | None:
    """Identify the paper by the one `[Paper](url)` in a section of links that has no other."""
    targets: set[str] = set()
    named: set[str] = set()
    in_links = False
    for line in markup:
        if line.startswith("#"):
            in_links = is_generic_heading(line.lstrip("# "))
        elif "](" in line and (label := _LABELLED_LINK.match(line)):
            if not in_links:
                return None
            targets.add(label[1])
            named.update(paper_ids(line))
        elif in_links and targets and "http" in line:
            named.update(paper_ids(line))
    return named.pop() if len(targets) == len(named) == 1 else None


def _year(
    fields: Mapping[str, object], head: Sequence[str], title: Title, paper: str | None
) -> int | None:
    """Find the year of the paper: in a field, a line, the title, the venue, its identity."""
    for key in _YEAR_KEYS:
        if match := _A_YEAR.search(str(fields.get(key, ""))):
            return int(match[0])
    written = next((int(match[1]) for line in head if (match := _YEAR_LINE.match(line))), None)
    venues = (year_from_venue_line(line) for line in _opening(head))
    return written or title.year or next(filter(None, venues), None) or year_from_id(paper or "")


def _authors(fields: Mapping[str, object], head: Sequence[str]) -> tuple[str, ...]:
    """Find the authors of the paper: in a field, a line, below a label, before the venue."""
    for key in _AUTHOR_KEYS:
        given = texts_of(fields.get(key))
        if given:
            one = len(given) == 1
            names = _turned_names(given[0]) if one else given
            return tuple(name.strip(" ,;") for name in names) or _split_names(given[0])
    written = (_split_names(plain(m[1] or m[2])) for m in map(_AUTHORS_LINE.match, head) if m)
    return (
        next(filter(None, written), ())
        or _authors_below_label(head)
        or next(filter(None, map(_authors_from_venue_line, _opening(head))), ())
    )


def year_from_venue_line(line: str) -> int | None:
    """Read the year of a line of authors, venue and year: `Ada Lee et al., Jan 2018, ICLR`."""
    text = plain(line) if _TWO_DIGITS.search(line) else ""
    if not text or len(text) > _MAX_VENUE_LINE:
        return None
    text = _ADDRESS.sub("", text).strip(" \t\r\n\u00a0-*+_>|")
    if '"' in text or "“" in text:
        text = _QUOTED_TITLE.sub(", ", text)
    parts = [part for raw in _END_OF_PART.split(text) if (part := raw.strip(" *_()[]"))]
    if len(parts) < 2 or not _is_person(parts[0]):
        return None
    if _PROSE & set(text.split()) and not _REFERENCE_END.fullmatch(parts[-1]):
        return None
    match = next(filter(None, map(_VENUE_YEAR.fullmatch, reversed(parts[1:]))), None)
    return read_year(match[1] or match[2]) if match else None


def _opening(head: Sequence[str]) -> Iterator[str]:
    """Return the lines above the first section, where authors and venue stand."""
    return takewhile(
        lambda line: not (line.startswith("#") and is_generic_heading(line.lstrip("# "))),
        head[:_LINES_ABOVE_SECTIONS],
    )


def _authors_below_label(head: Sequence[str]) -> tuple[str, ...]:
    """Read the names on a line of their own below the heading, or the label, `Authors`."""
    for number, line in enumerate(head):
        if "uthor" in line and _AUTHORS_LABEL.match(line):
            for below in head[number + 1 : number + 1 + _LINES_BELOW_LABEL]:
                names = _split_names(plain(below))
                if names and all(map(_is_person, names)):
                    return names
    return ()


def _authors_from_venue_line(line: str) -> tuple[str, ...]:
    """Read the names in `Ada Lee, Bo Chen et al., ICLR, 2018`; () for a line without a year."""
    if line[:1].isspace() or year_from_venue_line(line) is None:
        return ()  # an indented line belongs to one entry of a list
    text = plain(line).strip(" \t\r\n-*+_>|")
    sentence = _FIRST_SENTENCE.match(text)
    listed, others = _ET_AL.subn("", sentence[0] if sentence else text)
    names = _split_names(listed)
    own = list(takewhile(lambda name: _is_person(name) and not _NO_AUTHOR.search(name), names))
    if others and own and len(own) == len(names):
        own[-1] += " et al."  # nobody is the only author of a paper who was not
    return tuple(own)


def _is_person(text: str) -> bool:
    """Return whether a text reads as a name or two: two to six words with capitals, no digits."""
    words = text.split()
    names = [word for word in words if word not in _PARTICLES]
    named = all(word[0].isupper() and _NAME.fullmatch(word) for word in names)
    return 2 <= len(words) <= 6 and bool(names) and named


def _turned_names(text: str) -> Sequence[str]:
    """Return the names of `Lee, Ada and Chen, Bo`, as reference managers write them, else none."""
    names = re.split(r"\s*;\s*|\s+and\s+", text)
    return names if len(names) > 1 and all(name.count(",") == 1 for name in names) else ()


def _split_names(text: str) -> tuple[str, ...]:
    """Separate the names that commas, semicolons or `and` join."""
    listed = text.partition("http")[0].strip(" .*_")  # the names end where an address begins
    listed = _AFFILIATION.sub("", listed)
    return tuple(filter(None, re.split(r"\s*[;,]\s*(?:and\s+)?|\s+and\s+", listed)))
